// Which tiles can be seen: neither scrolled away nor under an open panel. A hidden page is viewing.js's concern.

const enough = 0.1;
/** Tiles on their way to another place, as after a change of the window's size, may pass outside. */
const settling = 400;

export class TileVisibility {
  #scrolledAway = new WeakSet();
  #leaving = new Map();
  #tiles = new Set();
  #covered = new Set();
  #observer;
  #changed;

  /** @param {() => void} changed @param {AbortSignal} signal ends it */
  constructor(changed, signal) {
    this.#changed = changed;
    this.#observer = new IntersectionObserver((entries) => this.#intersected(entries), { threshold: [0, enough] });
    const panel = document.querySelector("side-panel");
    const resize = new ResizeObserver(() => this.look());
    if (panel) resize.observe(panel);
    signal.addEventListener("abort", () => {
      this.#observer.disconnect();
      for (const timer of this.#leaving.values()) clearTimeout(timer);
      resize.disconnect();
    });
  }

  /** A new tile counts as seen until it is known not to be. */
  follow(tile) {
    this.#tiles.add(tile);
    this.#observer.observe(tile);
  }

  forget(tile) {
    this.#tiles.delete(tile);
    this.#covered.delete(tile);
    this.#stays(tile);
    this.#observer.unobserve(tile);
  }

  sees(tile) {
    return !this.#scrolledAway.has(tile) && !this.#covered.has(tile);
  }

  /** Looks what the panel covers, as after it opened or closed. */
  look() {
    const panel = document.querySelector("side-panel:not([hidden])");
    const cover = panel?.getBoundingClientRect();
    const covered = new Set([...this.#tiles].filter((tile) => cover && seenShare(tile.getBoundingClientRect(), cover) < enough));
    if (covered.size === this.#covered.size && [...covered].every((tile) => this.#covered.has(tile))) return;
    this.#covered = covered;
    this.#changed();
  }

  #intersected(entries) {
    for (const { target, intersectionRatio } of entries) {
      this.#stays(target);
      if (intersectionRatio < enough) this.#leaving.set(target, setTimeout(() => this.#left(target), settling));
      else this.#scrolledAway.delete(target);
    }
    this.#changed();
  }

  #stays(tile) {
    clearTimeout(this.#leaving.get(tile));
    this.#leaving.delete(tile);
  }

  #left(tile) {
    this.#leaving.delete(tile);
    this.#scrolledAway.add(tile);
    this.#changed();
  }
}

/** How much of a box another one leaves free. */
function seenShare(box, cover) {
  const width = Math.max(0, Math.min(box.right, cover.right) - Math.max(box.left, cover.left));
  const height = Math.max(0, Math.min(box.bottom, cover.bottom) - Math.max(box.top, cover.top));
  const area = box.width * box.height;
  return area > 0 ? 1 - (width * height) / area : 0;
}
