// One flat state object that can be watched key by key.

export class Store extends EventTarget {
  /** @param {Record<string, any>} initial */
  constructor(initial) {
    super();
    this.state = { ...initial };
  }

  /** Replaces some values and tells the watchers of those that are different now. */
  update(patch) {
    const changed = Object.keys(patch).filter((key) => !Object.is(this.state[key], patch[key]));
    if (changed.length === 0) return;
    Object.assign(this.state, patch);
    this.dispatchEvent(new CustomEvent("change", { detail: { changed } }));
  }

  /**
   * Calls `effect` with the state now, and again whenever one of `keys` changes, until `signal` aborts.
   * @param {string[]} keys
   * @param {(state: any) => void} effect
   * @param {AbortSignal} signal
   */
  watch(keys, effect, signal) {
    const listener = (event) => {
      if (keys.some((key) => event.detail.changed.includes(key))) effect(this.state);
    };
    this.addEventListener("change", listener, { signal });
    effect(this.state);
  }
}
