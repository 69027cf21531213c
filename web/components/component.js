// The base of the custom elements: build once in the light DOM, end everything on removal.

export class Component extends HTMLElement {
  #life = null;

  connectedCallback() {
    this.#life?.abort();
    this.#life = new AbortController();
    this.replaceChildren();
    this.build(this.#life.signal);
  }

  disconnectedCallback() {
    this.#life?.abort();
  }

  /** Fills the element. @param {AbortSignal} signal aborts when the element leaves the page */
  build(signal) {
    void signal;
  }
}
