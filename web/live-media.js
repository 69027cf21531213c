// Switches microphone, camera and screen, and keeps the server's belief about what is live true.

import { msg } from "./i18n.js";

/** The server takes ten changes a second. */
const refusedDelay = 1000;

export class LiveMedia {
  #store;
  #notices;
  #media;
  #send;
  #retry = null;
  /** What the server was last told. */
  #told = null;

  /**
   * @param {import("./store.js").Store} store keeps `local`: what the person wants
   * @param {import("./notices.js").Notices} notices @param {import("./media.js").LocalMedia} media
   * @param {(live: object) => boolean} send tells the server; false where it cannot be told now
   */
  constructor(store, notices, media, send) {
    this.#store = store;
    this.#notices = notices;
    this.#media = media;
    this.#send = send;
  }

  /** Says what happens to the devices, until `signal` aborts. */
  begin(signal) {
    const on = (type, handler) => this.#media.addEventListener(type, ({ detail }) => handler(detail), { signal });
    on("switched", ({ kind, label }) =>
      this.#notices.show({ id: kind, level: "info", message: msg(`notice.switched-${kind}`, { label }) }));
    on("kept", ({ kind, label }) =>
      this.#notices.show({ id: kind, level: "warning", message: msg(`notice.kept-${kind}`, { label }), time: 9000 }));
    on("lost", ({ kind }) => this.#notices.show({ id: kind, level: "warning", message: msg(`notice.lost-${kind}`) }));
    signal.addEventListener("abort", () => clearTimeout(this.#retry));
  }

  get live() {
    const { local } = this.#store.state;
    return {
      microphone: local.microphone && Boolean(this.#media.tracks.microphone),
      camera: Boolean(this.#media.tracks.camera),
      screen: Boolean(this.#media.screen.screen),
    };
  }

  /** What a join says, which needs no telling again. */
  declare() {
    this.#told = this.live;
    return this.#told;
  }

  /** What the server says that it believes. */
  believe(media) {
    this.#told = media ?? null;
  }

  /** Tells the server what is live, where it believes otherwise. */
  sync() {
    const { live } = this;
    if (this.#told && Object.keys(live).every((kind) => live[kind] === this.#told[kind])) return;
    if (this.#send(live)) this.#told = live;
  }

  /** Nothing has changed at the server: it is told again when it listens again. */
  refused() {
    this.#notices.show({ id: "update", level: "warning", message: msg("notice.too-fast") });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#told = null;
      this.sync();
    }, refusedDelay);
  }

  /** Marks one source as wanted or not. */
  want(patch) {
    this.#store.update({ local: { ...this.#store.state.local, ...patch } });
    this.sync();
  }

  async toggleMicrophone() {
    const microphone = !(this.#store.state.local.microphone && this.#media.tracks.microphone);
    if (microphone && !this.#media.tracks.microphone) {
      await this.#media.open(["microphone"]);
      if (!this.#media.tracks.microphone) return this.#deviceRefused("microphone");
    }
    this.#media.setEnabled(microphone);
    return this.want({ microphone });
  }

  async toggleCamera() {
    const camera = !this.#media.tracks.camera;
    if (!camera) this.#media.close("camera");
    else {
      await this.#media.open(["camera"]);
      if (!this.#media.tracks.camera) return this.#deviceRefused("camera");
    }
    return this.want({ camera });
  }

  async toggleScreen() {
    if (this.#media.screen.screen) return this.#media.closeScreen();
    try {
      return await this.#media.openScreen();
    } catch (error) {
      // Closing the browser's chooser is an answer, not a fault.
      return error?.name === "NotAllowedError" ? undefined : this.screenRefused();
    }
  }

  screenRefused() {
    this.#notices.show({ id: "screen", level: "warning", message: msg("notice.screen-failed") });
  }

  #deviceRefused(kind) {
    const error = this.#media.errors[kind];
    // No error: the person left while the browser asked.
    if (error) this.#notices.show({ id: kind, level: "warning", message: msg(`device.${kind}.${error}`), time: 9000 });
  }
}
