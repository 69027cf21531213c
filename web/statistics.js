// What the browser counts about a call, made into rates. Pure: reports in, numbers out.

/**
 * @typedef {object} Counted one stream's counters at one time
 * @typedef {{at: number, received: Map<string, Counted>, sent: Map<string, Counted>, path: object | null}} Reading
 *
 * @typedef {object} ReceivedStream between two readings
 * @property {string} mid
 * @property {"audio" | "video"} kind
 * @property {string} codec
 * @property {number} bitrate bit/s
 * @property {number} loss 0 to 1
 * @property {number | null} jitter milliseconds
 * @property {number} [width] @property {number} [height] @property {number} [frameRate]
 *
 * @typedef {object} SentStream
 * @property {string} mid @property {string | null} rid @property {boolean} active
 *
 * @typedef {object} Statistics
 * @property {ReceivedStream[]} received
 * @property {SentStream[]} sent
 * @property {{roundTrip: number | null, up: number | null, upUsed: number, downUsed: number}} path ms and bit/s
 */

/** @param {Iterable<[string, any]> & {values(): Iterable<any>, get(id: string): any}} reports @param {number} at milliseconds @returns {Reading} */
export function read(reports, at) {
  const received = new Map();
  const sent = new Map();
  const remote = new Map();
  for (const report of reports.values()) {
    if (report.type === "inbound-rtp") received.set(`${report.mid}/${report.ssrc}`, counted(report, reports));
    if (report.type === "outbound-rtp") sent.set(`${report.mid}/${report.ssrc}`, counted(report, reports));
    if (report.type === "remote-inbound-rtp") remote.set(report.localId, report);
  }
  for (const one of sent.values()) one.remote = remote.get(one.id) ?? null;
  return { at, received, sent, path: usedPair(reports) };
}

/** The pair of candidates by which everything goes, or null. */
export function usedPair(reports) {
  return [...reports.values()].findLast((report) => report.type === "candidate-pair" && isUsed(report, reports)) ?? null;
}

/** @param {Reading} before @param {Reading} after @returns {Statistics} */
export function compare(before, after) {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const streams = (from, to, make) =>
    [...to].flatMap(([key, now]) => (from.has(key) ? [make(from.get(key), now, seconds)] : []));
  const received = streams(before.received, after.received, receivedBetween);
  const sent = streams(before.sent, after.sent, sentBetween);
  return { received, sent, path: pathBetween(before, after, received, sent) };
}

/** What the guard of cpu-guard.js looks at. @param {Statistics} statistics @param {number} frameInterval milliseconds */
export function strainOf({ received, sent }, frameInterval) {
  const pictures = received.filter(({ kind }) => kind === "video");
  const sum = (all, name) => all.reduce((total, one) => total + (one[name] ?? 0), 0);
  const most = (all, name) => Math.max(0, ...all.map((one) => one[name] ?? 0));
  const sentPictures = sent.filter(({ kind, source }) => kind === "video" && source !== "screen");
  return {
    decoded: sum(pictures, "decoded"), dropped: sum(pictures, "dropped"), decodeLoad: most(pictures, "decodeLoad"),
    encodeLoad: most(sentPictures, "encodeLoad"), limited: most(sentPictures, "limited"), frameInterval,
  };
}

function counted(report, reports) {
  const codec = reports.get(report.codecId)?.mimeType?.split("/")[1] ?? "";
  return { ...report, codec, cpuLimited: report.qualityLimitationDurations?.cpu ?? 0 };
}

/** Firefox marks the pair itself, others name it in the transport's report. */
function isUsed(pair, reports) {
  if (pair.selected === true) return true;
  for (const report of reports.values()) {
    if (report.type === "transport" && report.selectedCandidatePairId === pair.id) return true;
  }
  return false;
}

function receivedBetween(before, now, seconds) {
  const grown = growth(before, now);
  const packets = grown("packetsReceived");
  const lost = Math.max(0, (now.packetsLost ?? 0) - (before.packetsLost ?? 0));
  return {
    mid: String(now.mid), kind: now.kind, codec: now.codec, bitrate: (grown("bytesReceived") * 8) / seconds,
    loss: packets + lost > 0 ? lost / (packets + lost) : 0,
    jitter: Number.isFinite(now.jitter) ? now.jitter * 1000 : null,
    width: now.frameWidth, height: now.frameHeight,
    frameRate: grown("framesDecoded") / seconds, decoded: grown("framesDecoded"), dropped: grown("framesDropped"),
    decodeLoad: grown("totalDecodeTime") / seconds, packets,
  };
}

function sentBetween(before, now, seconds) {
  const grown = growth(before, now);
  return {
    mid: String(now.mid), rid: now.rid ?? null, kind: now.kind, codec: now.codec, active: now.active ?? grown("packetsSent") > 0,
    bitrate: (grown("bytesSent") * 8) / seconds, width: now.frameWidth, height: now.frameHeight,
    frameRate: grown("framesEncoded") / seconds, mode: now.scalabilityMode ?? null,
    loss: now.remote?.fractionLost ?? 0,
    jitter: Number.isFinite(now.remote?.jitter) ? now.remote.jitter * 1000 : null,
    roundTrip: Number.isFinite(now.remote?.roundTripTime) ? now.remote.roundTripTime * 1000 : null,
    encodeLoad: grown("totalEncodeTime") / seconds, limited: grown("cpuLimited") / seconds,
    limitation: now.qualityLimitationReason ?? null,
  };
}

function pathBetween(before, after, received, sent) {
  const { path } = after;
  const sum = (all) => all.reduce((total, { bitrate }) => total + bitrate, 0);
  const fromReports = sent.map(({ roundTrip }) => roundTrip).filter((value) => value !== null);
  const current = path?.currentRoundTripTime;
  return {
    roundTrip: Number.isFinite(current) ? current * 1000 : fromReports.length > 0 ? Math.min(...fromReports) : null,
    up: path?.availableOutgoingBitrate ?? null,
    upUsed: sum(sent), downUsed: sum(received),
  };
}

/** Counters that began anew count from nothing. */
const growth = (before, now) => (name) => {
  const from = before[name] ?? 0;
  const to = now[name] ?? 0;
  return to >= from ? to - from : to;
};
