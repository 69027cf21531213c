// How well somebody's connection does, by the server's evidence, and when that is worth a sentence. Pure.

/**
 * @typedef {object} LinkQuality of one direction
 * @property {number} score 0 (gone) to 5 (excellent)
 * @property {"loss" | "delay" | "bandwidth" | "freeze" | "lost"} [reason] what stands in the way most
 * @property {{loss?: number, roundTrip?: number, bitrate?: number, target?: number, layers?: ReceivedLayer[]}} [details]
 *
 * @typedef {{mid: string, rid?: string, size: number, sizes: number, rate: number, rates: number}} ReceivedLayer counted from 1
 *
 * @typedef {{up?: LinkQuality, down?: LinkQuality}} Quality
 * @typedef {{isWeak: boolean, since: number | null}} Side `since` when it began to look different
 */

const names = ["gone", "bad", "poor", "fair", "good", "excellent"];
const weakAt = 2;
const fineAt = 4;
const timeToWeak = 2000;
const timeToFine = 6000;

/** The whole map after a `quality` message. @param {Record<string, Quality>} known @returns {Record<string, Quality>} */
export function taken(known, participants) {
  const next = { ...known };
  for (const { userId, up, down } of participants ?? []) {
    if (typeof userId === "string") next[userId] = { up: clean(up), down: clean(down) };
  }
  return next;
}

/** The weaker direction's score, or null where nothing is known. @param {Quality | undefined} quality */
export function scoreOf(quality) {
  const scores = [quality?.up?.score, quality?.down?.score].filter(Number.isFinite);
  return scores.length > 0 ? Math.min(...scores) : null;
}

/** How many of four bars stand for a score. */
export const barsOf = (score) => (score === 0 ? 0 : Math.max(1, score - 1));

/** The last part of the message key that names a score. */
export const nameOf = (score) => names[score];

/** The key of what is said about somebody else, or null where there is nothing to say. @param {Quality | undefined} quality */
export function sentenceAboutOther(quality) {
  const score = scoreOf(quality);
  if (score === null || score > weakAt) return null;
  return quality.up?.score === 0 ? "quality.other-lost" : "quality.other-weak";
}

/** @returns {{up: Side, down: Side}} */
export const untold = () => ({ up: { isWeak: false, since: null }, down: { isWeak: false, since: null } });

/** Follows one's own two sides: weakness that lasts is told, and untold only when it is well over. */
export function followed(sides, quality, now) {
  return { up: turned(sides.up, quality?.up?.score, now), down: turned(sides.down, quality?.down?.score, now) };
}

/**
 * The key of the sentence about one's own connection, or null.
 * @param {{up: Side, down: Side}} sides @param {boolean} sendsVideo
 */
export function sentenceAboutSelf({ up, down }, sendsVideo) {
  if (up.isWeak && down.isWeak) return "quality.own-both";
  if (down.isWeak) return "quality.own-down";
  if (!up.isWeak) return null;
  return sendsVideo ? "quality.own-up" : "quality.own-up-voice";
}

function turned({ isWeak, since }, score, now) {
  if (!Number.isFinite(score)) return { isWeak, since: null };
  const looksDifferent = isWeak ? score > weakAt : score <= weakAt;
  if (!looksDifferent) return { isWeak, since: null };
  const begun = since ?? now;
  const enough = isWeak ? (score >= fineAt ? timeToWeak : timeToFine) : timeToWeak;
  return now - begun >= enough ? { isWeak: !isWeak, since: null } : { isWeak, since: begun };
}

function clean(link) {
  if (!Number.isFinite(link?.score)) return undefined;
  return { ...link, score: Math.min(5, Math.max(0, Math.round(link.score))) };
}
