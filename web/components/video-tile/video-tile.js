// <video-tile>: one camera or screen. `show(view)` says what is to be seen.

import { h, setAttribute, setText } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { sentenceAboutOther } from "../../quality.js";
import { avatar, paint } from "../avatar.js";
import { Component } from "../component.js";
import { qualityBars, showQuality } from "../quality-bars.js";

/**
 * @typedef {object} TileView
 * @property {string} userId
 * @property {"camera" | "screen"} source
 * @property {string} name
 * @property {boolean} self
 * @property {boolean} muted what the server enforces
 * @property {boolean} speaking
 * @property {boolean} live whether this source is on
 * @property {MediaStream | null} stream
 * @property {boolean} staged
 * @property {"live" | "snapshot" | "paused"} state what the server holds back for want of bandwidth
 * @property {import("../../quality.js").Quality | undefined} quality
 */

customElements.define("video-tile", class extends Component {
  #stream = null;
  #live = false;
  #paused = false;
  #generation = 0;

  build() {
    this.#stream = null;
    this.#live = false;
    this.#paused = false;
    this.setAttribute("role", "listitem");
    this.dataset.testid = "tile";
    this.dataset.state = "avatar";
    this.video = h("video", { autoplay: true, playsinline: true, tabindex: -1 });
    this.video.muted = true;
    this.video.addEventListener("resize", () => this.#measure());
    this.face = avatar("");
    this.label = h("span", { class: "plate-name", "aria-hidden": "true" });
    this.muted = icon("microphone-off");
    this.bars = qualityBars();
    this.note = h("p", { class: "tile-note", "data-testid": "tile-note", hidden: true });
    this.append(this.video, this.face, h("span", { class: "waiting", "aria-hidden": "true" }), this.note,
      h("div", { class: "plate" }, this.muted, this.label, this.bars));
  }

  /** @param {TileView} view */
  show(view) {
    const { userId, source, name, self, muted, speaking, live, stream, staged, state, quality } = view;
    Object.assign(this.dataset, {
      participant: userId, source, self: String(self), muted: String(muted), speaking: String(speaking),
      staged: String(staged),
    });
    this.dataset.mirrored = String(self && source === "camera");
    paint(this.face, name);
    this.muted.toggleAttribute("hidden", !muted || source === "screen");
    const said = source === "screen"
      ? msg(self ? "tile.own-screen" : "tile.screen", { name }) : self ? msg("tile.you", { name }) : name;
    setText(this.label, said);
    setAttribute(this, "aria-label", msg(this.#description(view), { name: said }));
    showQuality(this.bars, source === "camera" ? quality : undefined);
    this.#play(live ? stream : null, live, state === "paused");
    this.dataset.flow = live ? state : "live";
    this.#explain(view);
  }

  /** Nobody is left to guess why a picture stands still. */
  #explain({ name, self, live, state, quality }) {
    const key = live && state !== "live" ? `tile.${state}` : self ? null : sentenceAboutOther(quality);
    this.note.hidden = key === null;
    setText(this.note, key === null ? "" : msg(key, { name }));
  }

  #description({ source, muted, live }) {
    if (source === "screen") return "tile.label-screen";
    return `tile.label-${muted ? "muted" : "heard"}-${live ? "seen" : "unseen"}`;
  }

  #play(stream, live, paused) {
    if (stream === this.#stream && live === this.#live && paused === this.#paused) return;
    this.#stream = stream;
    this.#live = live;
    this.#paused = paused;
    this.#generation += 1;
    if (live && paused) {
      // The last frame would look frozen: the face stands in for it.
      this.dataset.state = "paused";
      return;
    }
    if (!stream) {
      this.video.srcObject = null;
      this.dataset.state = live ? "connecting" : "avatar";
      return;
    }
    this.dataset.state = "connecting";
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    this.video.play().catch(() => {});
    this.#revealAtFirstFrame(this.#generation);
  }

  /** The slot may still show its previous owner: only a new frame lifts the curtain. */
  #revealAtFirstFrame(generation) {
    const reveal = () => {
      if (generation === this.#generation) this.dataset.state = "video";
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(reveal);
    else this.video.addEventListener("timeupdate", reveal, { once: true });
  }

  /** A phone held upright is shown whole, not cut to a belt. */
  #measure() {
    this.dataset.shape = this.video.videoHeight > this.video.videoWidth ? "portrait" : "landscape";
  }
});
