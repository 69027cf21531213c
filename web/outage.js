// Says what is interrupted, and mends the media path while it is.

import { msg } from "./i18n.js";

const healInterval = 4000;

export class Outage {
  /** True from the server's "closing" until it knows us again. */
  restarting = false;
  #store;
  #notices;
  #heal;
  #healing = null;
  #wasConnected = false;

  /**
   * @param {import("./store.js").Store} store gets `outage`: null, "restart", "link", "media" or "blocked"
   * @param {import("./notices.js").Notices} notices
   * @param {() => void} heal restarts ICE
   */
  constructor(store, notices, heal) {
    this.#store = store;
    this.#notices = notices;
    this.#heal = heal;
  }

  /** True where sound and picture have stopped or never came. */
  isMediaBroken(call) {
    const state = call?.pc.connectionState;
    if (state === "connected") this.#wasConnected = true;
    return state === "failed" || (this.#wasConnected && (state === "disconnected" || Boolean(call?.stalled)));
  }

  /** Looks again, as after any change of the link or the call. */
  refresh(call) {
    const broken = this.isMediaBroken(call);
    const { link, phase, outage: before } = this.#store.state;
    if (phase !== "room") return;
    let outage = null;
    if (this.restarting) outage = "restart";
    else if (link !== "connected") outage = "link";
    else if (broken) outage = this.#wasConnected ? "media" : "blocked";
    this.#keepHealing(outage === "media" || outage === "blocked");
    if (outage === before) return;
    this.#store.update({ outage });
    this.#say(outage);
  }

  end() {
    this.#keepHealing(false);
  }

  #say(outage) {
    if (outage) {
      const level = outage === "restart" ? "info" : "outage";
      this.#notices.show({ id: "outage", level, message: msg(`outage.${outage}`), time: 0 });
    } else this.#notices.show({ id: "outage", level: "good", message: msg("outage.over"), time: 2500 });
  }

  #keepHealing(broken) {
    if (!broken) {
      clearInterval(this.#healing);
      this.#healing = null;
    } else this.#healing ??= setInterval(this.#heal, healInterval);
  }
}
