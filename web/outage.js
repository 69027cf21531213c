// Says what is interrupted, and mends the media path while it is.

import { msg } from "./i18n.js";
import { Recovery } from "./recovery.js";

/** How long all ways together may take before the person is told. */
const connectLimit = 8000;

export class Outage {
  /** True from the server's "closing" until it knows us again. */
  restarting = false;
  /** Why media does not get through, as the server sees it. @type {{finding: string, ports: number[], address?: string} | null} */
  diagnosis = null;
  #store;
  #notices;
  #recovery;
  #call = null;
  #wasConnected = false;
  #isOverdue = false;
  #said = null;
  #waiting = null;

  /**
   * @param {import("./store.js").Store} store gets `outage`: null, "restart", "link", "media" or "blocked"
   * @param {import("./notices.js").Notices} notices
   * @param {() => void} heal restarts ICE
   */
  constructor(store, notices, heal) {
    this.#store = store;
    this.#notices = notices;
    this.#recovery = new Recovery(heal);
  }

  /** True where sound and picture have stopped or never came. */
  isMediaBroken(call) {
    const state = call?.pc.connectionState;
    if (state === "connected") this.#wasConnected = true;
    if (!call || state === "new" || state === "closed") return false;
    if (state === "failed") return true;
    if (!this.#wasConnected) return this.#isOverdue;
    // A restart in the midst of an outage is no end of it.
    const isMending = ["media", "blocked"].includes(this.#store.state.outage) && state === "connecting";
    // Chromium's connectionState does not say that nothing we send arrives.
    return state === "disconnected" || call.pc.iceConnectionState === "disconnected" || call.stalled || call.unheard
      || isMending;
  }

  /** Looks again, as after any change of the link or the call. */
  refresh(call) {
    this.#call = call;
    const broken = this.isMediaBroken(call);
    const { link, phase, outage: before } = this.#store.state;
    if (phase !== "room") return;
    this.#await();
    let outage = null;
    if (this.restarting) outage = "restart";
    else if (link !== "connected") outage = "link";
    else if (broken) outage = this.#wasConnected ? "media" : "blocked";
    this.#recovery.look(this.#phase(outage), (call?.servers.length ?? 0) > 0);
    if (outage === null && this.#wasConnected) this.diagnosis = null;
    const reason = outage === "blocked" || (outage === "media" && this.diagnosis) ? this.#reason() : null;
    if (outage === before && reason?.key === this.#said?.key) return;
    this.#said = reason;
    this.#store.update({ outage });
    this.#say(outage, reason);
  }

  /** The search for a path found out something. */
  progress() {
    this.#recovery.progress();
  }

  /** The server has given the path up: what is under way comes to nothing. */
  fail(call) {
    this.#recovery.giveUp();
    this.refresh(call);
  }

  end() {
    this.#recovery.end();
    clearTimeout(this.#waiting);
  }

  /** @returns {import("./recovery.js").Phase} without the server's word nothing can be restarted */
  #phase(outage) {
    if (outage === "media" || outage === "blocked") return "broken";
    return outage === null && this.#isTrying ? "connecting" : "idle";
  }

  get #test() {
    return { label: msg("outage.test"), run: () => window.open("/test", "_blank", "noopener") };
  }

  get #isTrying() {
    return !this.#wasConnected && ["connecting", "disconnected"].includes(this.#call?.pc.connectionState);
  }

  #await() {
    if (this.#isTrying) {
      this.#waiting ??= setTimeout(() => {
        this.#isOverdue = this.#isTrying;
        this.refresh(this.#call);
      }, connectLimit);
    } else if (this.#wasConnected) clearTimeout(this.#waiting);
  }

  #reason() {
    if (!this.diagnosis) return msg("outage.blocked");
    const { finding, ports = [], address = "" } = this.diagnosis;
    if (finding !== "silent" || !address) return msg("outage.blocked-late");
    return msg("outage.blocked-port", { ports: ports.join(", "), address });
  }

  #say(outage, reason) {
    if (outage) {
      const level = outage === "restart" ? "info" : "outage";
      this.#notices.show({
        id: "outage", level, message: reason ?? msg(`outage.${outage}`), time: 0, action: reason ? this.#test : undefined,
      });
    } else this.#notices.show({ id: "outage", level: "good", message: msg("outage.over"), time: 2500 });
  }
}
