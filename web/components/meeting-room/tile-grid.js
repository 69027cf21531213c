// <tile-grid>: everybody's tiles, in the order of their seats. Needs `meeting` and `media`.

import { h } from "../../html.js";
import { arrange } from "../../layout.js";
import { Component } from "../component.js";
import { TileVisibility } from "./tile-visibility.js";
import "../video-tile/video-tile.js";

const sharpest = 2;
const smallTile = 116;

customElements.define("tile-grid", class extends Component {
  #tiles = new Map();
  #ownStreams = new Map();
  #shares = [];
  #boxes = new Map();

  build(signal) {
    this.setAttribute("role", "list");
    this.setAttribute("tabindex", "-1");
    this.dataset.testid = "grid";
    this.#tiles.clear();
    const refresh = () => this.#refresh();
    this.visibility = new TileVisibility(() => this.#tellView(), signal);
    const keys = ["participants", "speakers", "received", "pinned", "local", "self", "quality"];
    this.meeting.store.watch(keys, refresh, signal);
    this.media.addEventListener("track", refresh, { signal });
    this.meeting.store.watch(["panel"], () => this.visibility.look(), signal);
    const observer = new ResizeObserver(() => this.#place());
    observer.observe(this);
    signal.addEventListener("abort", () => observer.disconnect());
    this.addEventListener("dblclick", (event) => {
      const tile = event.target.closest("video-tile");
      if (tile) this.meeting.pin(`${tile.dataset.participant}/${tile.dataset.source}`);
    }, { signal });
  }

  #refresh() {
    const views = this.#views();
    const wanted = new Set(views.map(({ key }) => key));
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      tile.remove();
      this.visibility.forget(tile);
      this.#tiles.delete(key);
    }
    views.forEach((view, index) => {
      let tile = this.#tiles.get(view.key);
      if (!tile) {
        this.#tiles.set(view.key, (tile = h("video-tile")));
        this.visibility.follow(tile);
      }
      // Moving a playing video in the document interrupts it: only a tile in the wrong place moves.
      if (this.children[index] !== tile) this.insertBefore(tile, this.children[index] ?? null);
      tile.show(view);
    });
    this.#place();
  }

  /** @returns {(import("../video-tile/video-tile.js").TileView & {key: string})[]} */
  #views() {
    const { participants, speakers, received, self, quality } = this.meeting.store.state;
    const slots = new Map(received.map((slot) => [`${slot.userId}/${slot.source}`, slot]));
    const views = [];
    for (const { id, name, media } of participants) {
      const own = id === self;
      const common = { userId: id, name, self: own, staged: false, quality: quality[id] };
      views.push({
        ...common, key: `${id}/camera`, source: "camera",
        muted: !media.microphone, speaking: speakers.includes(id) && media.microphone,
        live: own ? Boolean(this.media.tracks.camera) : media.camera,
        ...(own ? this.#own("camera", this.media.tracks.camera) : slot(slots.get(`${id}/camera`))),
      });
      if (!(own ? this.media.screen.screen : media.screen)) continue;
      views.push({
        ...common, key: `${id}/screen`, source: "screen", muted: false, speaking: false, live: true,
        ...(own ? this.#own("screen", this.media.screen.screen) : slot(slots.get(`${id}/screen`))),
      });
    }
    const staged = this.#staged(views);
    for (const view of views) view.staged = view.key === staged;
    this.staged = staged;
    return views;
  }

  /** The tile shown large: what the person pinned, else the newest screen of somebody else. */
  #staged(views) {
    const { pinned } = this.meeting.store.state;
    const shares = views.filter(({ source, self }) => source === "screen" && !self).map(({ key }) => key);
    const known = this.#shares.filter((key) => shares.includes(key));
    this.#shares = [...known, ...shares.filter((key) => !known.includes(key))];
    if (views.some(({ key }) => key === pinned)) return pinned;
    return this.#shares.at(-1) ?? null;
  }

  #own(source, track) {
    const known = this.#ownStreams.get(source);
    const isSame = known?.getTracks()[0] === track;
    const stream = isSame ? known : track ? new MediaStream([track]) : null;
    this.#ownStreams.set(source, stream);
    return { stream, state: "live" };
  }

  #place() {
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    const gap = width < 600 ? 8 : 12;
    const { boxes, height: needed } = arrange([...this.#tiles.keys()], this.staged ?? null, width, height, gap);
    this.dataset.layout = this.staged ? "stage" : "grid";
    this.toggleAttribute("data-scrolls", needed > height + 1);
    for (const [key, tile] of this.#tiles) {
      const box = boxes.get(key);
      if (!box) continue;
      tile.style.setProperty("width", `${box.width.toFixed(1)}px`);
      tile.style.setProperty("height", `${box.height.toFixed(1)}px`);
      tile.style.setProperty("translate", `${box.x.toFixed(1)}px ${box.y.toFixed(1)}px`);
      tile.toggleAttribute("data-small", box.height < smallTile);
      tile.style.setProperty("--short-side", `${Math.min(box.width, box.height).toFixed(0)}px`);
    }
    this.#boxes = boxes;
    this.#tellView();
  }

  /** What the server needs to know to send no more than is looked at. */
  #tellView() {
    const sharpness = Math.min(sharpest, devicePixelRatio || 1);
    const { pinned } = this.meeting.store.state;
    const tiles = [...this.#tiles].flatMap(([key, tile]) => {
      const box = this.#boxes.get(key);
      if (!box || tile.dataset.self === "true") return [];
      return [{
        userId: tile.dataset.participant, source: tile.dataset.source,
        width: Math.round(box.width * sharpness), height: Math.round(box.height * sharpness),
        visible: this.visibility.sees(tile), pinned: key === pinned,
      }];
    });
    this.meeting.setView(tiles);
  }
});

const slot = ({ stream = null, state = "live" } = {}) => ({ stream, state });
