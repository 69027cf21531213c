// Looks at a call once a second: spares a computer that cannot keep up, says whose connection is weak, and remembers
// what the network could carry.

import { BandwidthMemory } from "./bandwidth.js";
import { advance, resumed, shares, untroubled } from "./cpu-guard.js";
import { msg } from "./i18n.js";
import { preferences } from "./preferences.js";
import { followed, sentenceAboutSelf, untold } from "./quality.js";
import { compare, read, strainOf } from "./statistics.js";

const framesLookedAt = 8;

export class CallWatch {
  #store;
  #notices;
  #ease;
  #guard = untroubled();
  #sides = untold();
  #said = null;
  #reading = null;
  #memory = new BandwidthMemory();
  #frameInterval = 0;

  /**
   * @param {import("./store.js").Store} store gets `statistics` and `easing`; `quality` is read
   * @param {import("./notices.js").Notices} notices
   * @param {(steps: {receive: number, send: number}) => void} ease lowers what is asked for (a share) and sent (a step)
   */
  constructor(store, notices, ease) {
    this.#store = store;
    this.#notices = notices;
    this.#ease = ease;
  }

  /** @param {import("./call.js").Call} call @param {{reports: RTCStatsReport, at: number}} measured */
  take(call, { reports, at }) {
    const before = this.#reading;
    this.#reading = read(reports, at);
    if (before === null) return;
    const statistics = compare(before, this.#reading);
    const mids = call.sentMids;
    for (const one of statistics.sent) one.source = mids.get(one.mid) ?? null;
    this.#store.update({ statistics });
    this.#remember(statistics);
    this.guard(strainOf(statistics, this.#frameInterval), at);
    this.#look();
    this.say(at);
  }

  /** Another connection counts from nothing. */
  begin() {
    this.#reading = null;
    this.#applyEasing();
  }

  /** Looks at one second's strain. A hidden page draws nothing, and people may forbid to be spared. */
  guard(strain, now) {
    const isWatching = document.visibilityState === "visible" && preferences.get("spare") !== false;
    const before = this.#guard;
    if (isWatching) this.#guard = advance(before, strain, now);
    else this.#guard = preferences.get("spare") === false ? untroubled() : resumed(before);
    if (before.receive.step === this.#guard.receive.step && before.send.step === this.#guard.send.step) return;
    this.#applyEasing();
    if (this.#guard.receive.step > before.receive.step || this.#guard.send.step > before.send.step) this.#sayBusy();
  }

  /** Says what is weak on one's own side, and takes it back. */
  say(now) {
    const { quality, self, outage, local } = this.#store.state;
    this.#sides = followed(this.#sides, quality[self], now);
    const key = outage ? null : sentenceAboutSelf(this.#sides, local.camera || local.screen);
    if (key === this.#said) return;
    this.#said = key;
    this.#store.update({ weak: key });
    if (key) this.#notices.show({ id: "quality", level: "warning", message: msg(key), time: 0 });
    else this.#notices.dismiss("quality");
  }

  /** The call is over. */
  end() {
    this.#memory.keep();
  }

  #applyEasing() {
    const { receive, send } = this.#guard;
    this.#store.update({ easing: `${receive.step}/${send.step}` });
    this.#ease({ receive: shares[receive.step], send: send.step });
  }

  #sayBusy() {
    this.#notices.show({ id: "busy", level: "info", message: msg("notice.busy"), time: 8000 });
  }

  #remember({ path }) {
    const own = this.#store.state.quality[this.#store.state.self];
    const isShort = (link) => link !== undefined && link.score <= 2 && ["bandwidth", "delay"].includes(link.reason);
    this.#memory.note(
      { up: path.up ?? path.upUsed, down: own?.down?.details?.target ?? path.downUsed },
      { up: isShort(own?.up), down: isShort(own?.down) });
  }

  /** How long a few drawings of the page take, for the next second's judgement. */
  #look() {
    if (document.visibilityState !== "visible") {
      this.#frameInterval = 0;
      return;
    }
    let left = framesLookedAt;
    let first = null;
    const step = (time) => {
      first ??= time;
      left -= 1;
      if (left > 0) requestAnimationFrame(step);
      else this.#frameInterval = (time - first) / (framesLookedAt - 1);
    };
    requestAnimationFrame(step);
  }
}
