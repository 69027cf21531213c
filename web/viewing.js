// Tells the server what is on screen, so that it sends no more than is looked at.

const usualDelay = 150;
/** Who only looks something up in another tab is spared the key frames. */
const hiddenDelay = 2000;

const priorities = { pinned: 30, screen: 20, speaker: 10, others: 1 };

/** @typedef {{userId: string, source: "camera" | "screen", width: number, height: number, visible: boolean, pinned: boolean}} Tile */

/**
 * The `view` message's tiles for what stands on the page.
 * @param {Tile[]} tiles sizes in device pixels
 * @param {string | null} speaker who speaks, or spoke last
 * @param {number} share of the size that this computer can decode, 0 to 1
 */
export function viewOf(tiles, speaker, share) {
  return tiles.filter(({ visible }) => visible).map(({ userId, source, width, height, pinned }) => {
    let priority = source === "screen" ? priorities.screen : priorities.others;
    if (source === "camera" && userId === speaker) priority = priorities.speaker;
    return {
      userId, source, width: Math.round(width * share), height: Math.round(height * share),
      priority: pinned ? priorities.pinned : priority,
    };
  });
}

export class Viewing {
  #send;
  #tiles = [];
  #speaker = null;
  #share = 1;
  #told = null;
  #timer = null;
  #isHidden = false;

  /** @param {(tiles: object[]) => boolean} send says whether it could @param {AbortSignal} signal ends it */
  constructor(send, signal) {
    this.#send = send;
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#visibilityChanged();
  }

  /** @param {Tile[]} tiles */
  place(tiles) {
    this.#tiles = tiles;
    this.#plan();
  }

  /** @param {string[]} speakers loudest first */
  hear([loudest = this.#speaker]) {
    this.#speaker = loudest;
    this.#plan();
  }

  /** Asks for smaller pictures, for the sake of a slow computer. */
  ease(share) {
    this.#share = share;
    this.#plan();
  }

  /** Says it again, as to a server that may have forgotten. */
  repeat() {
    this.#told = null;
    if (this.#tiles.length > 0 || this.#isHidden) this.#tell();
  }

  /** A page that nobody sees needs no pictures; one that is seen again has them at once. */
  #visibilityChanged() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (document.visibilityState === "visible") {
      const wasHidden = this.#isHidden;
      this.#isHidden = false;
      if (wasHidden) this.#tell();
      return;
    }
    this.#timer = setTimeout(() => {
      // A picture in a window of its own is looked at.
      this.#isHidden = !document.pictureInPictureElement;
      this.#tell();
    }, hiddenDelay);
  }

  #plan() {
    if (this.#timer !== null || this.#isHidden || this.#text() === this.#told) return;
    this.#timer = setTimeout(() => this.#tell(), usualDelay);
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const text = this.#text();
    if (text === this.#told) return;
    this.#told = this.#send(JSON.parse(text)) ? text : null;
  }

  #text() {
    return JSON.stringify(this.#isHidden ? [] : viewOf(this.#tiles, this.#speaker, this.#share));
  }
}
