// What the network is believed to carry, so that a call need not begin by finding out.

import { preferences } from "./preferences.js";

const least = 300_000;
const most = 10_000_000;
/** What the server begins with when it is told nothing: having used less says nothing about the network. */
const usual = 2_500_000;
const goodFor = 7 * 24 * 3_600_000;
const slowTypes = { "slow-2g": 300_000, "2g": 300_000, "3g": 700_000 };

/**
 * @typedef {{up?: number, down?: number}} Bandwidth in bit/s
 * @param {{effectiveType?: string, downlink?: number, type?: string, saveData?: boolean} | undefined} connection
 * @param {(Bandwidth & {at: number, type?: string}) | undefined} last what the last call measured
 * @param {number} now milliseconds since 1970
 * @returns {Bandwidth | undefined} nothing where nothing is known
 */
export function expectedBandwidth(connection, last, now) {
  const isOfUse = last && now - last.at < goodFor && now >= last.at && last.type === connection?.type;
  const limit = slowTypes[connection?.effectiveType] ?? (connection?.saveData ? slowTypes["3g"] : Infinity);
  // Browsers take it from what pages happened to load: a small figure means little, unless they call the network slow.
  const guess = connection?.downlink * 1_000_000 >= usual ? connection.downlink * 1_000_000 : undefined;
  const up = clamp(isOfUse ? last.up : undefined, limit);
  const down = clamp((isOfUse ? last.down : undefined) ?? guess, limit);
  if (up === undefined && down === undefined) return undefined;
  return { ...(up === undefined ? {} : { up }), ...(down === undefined ? {} : { down }) };
}

/** What this browser and the last call say. */
export const bandwidthHint = () => expectedBandwidth(navigator.connection, preferences.get("bandwidth"), Date.now());

/** Follows a call and remembers what it could do. */
export class BandwidthMemory {
  #up = 0;
  #down = 0;
  #isWeak = { up: false, down: false };

  /** @param {{up?: number, down?: number}} seen bit/s estimated or used @param {{up: boolean, down: boolean}} isWeak */
  note({ up = 0, down = 0 }, isWeak) {
    // The newest counts, a better one at once, a worse one by and by.
    this.#up = Math.max(up, this.#up * 0.95 + up * 0.05);
    this.#down = Math.max(down, this.#down * 0.95 + down * 0.05);
    this.#isWeak = isWeak;
  }

  /** At the end of a call. */
  keep() {
    const up = worthKeeping(this.#up, this.#isWeak.up);
    const down = worthKeeping(this.#down, this.#isWeak.down);
    if (up === undefined && down === undefined) return;
    preferences.set("bandwidth", { up, down, at: Date.now(), type: navigator.connection?.type });
  }
}

const worthKeeping = (rate, isWeak) => (rate > 0 && (isWeak || rate >= usual) ? Math.round(rate) : undefined);

function clamp(rate, limit) {
  if (!(rate > 0)) return limit === Infinity ? undefined : Math.max(least, limit);
  return Math.round(Math.min(most, limit, Math.max(least, rate)));
}
