// Decides how much a computer is spared that cannot keep up. Pure: what was measured and the time in, steps out.
//
// Two things are eased apart: what is received (pictures are asked for smaller) and what is sent (see encodings.js).
// Strain that lasts makes a step at once, calm that lasts takes one back; a step back that fails is tried again ever later.

/** The share of a tile's size that is asked for, by step. */
export const shares = [1, 0.75, 0.5, 0.35, 0.25];
const mostReceive = shares.length - 1;
const mostSend = 3;

const strainTime = 3000;
const settlingTime = 4000;
const firstPatience = 15_000;
const mostPatience = 120_000;
/** Strain so soon after a step back means that the step was needed. */
const relapseTime = 30_000;

/**
 * @typedef {object} Strain what was measured in about a second
 * @property {number} decoded frames
 * @property {number} dropped frames that came but were not shown
 * @property {number} decodeLoad share of the time that the busiest decoder worked
 * @property {number} encodeLoad share of the time that the busiest encoder worked
 * @property {number} limited share of the time that the browser held the encoder back for want of processor time
 * @property {number} frameInterval milliseconds between two drawings of the page
 *
 * @typedef {{step: number, strainedSince: number | null, calmSince: number | null, changedAt: number, loweredAt: number, patience: number}} Side
 * @typedef {{receive: Side, send: Side}} Guard
 */

/** @returns {Guard} */
export const untroubled = () => ({ receive: calm(), send: calm() });

/**
 * @param {Guard} guard @param {Strain} strain @param {number} now milliseconds
 * @returns {Guard}
 */
export const advance = (guard, strain, now) => ({
  receive: moved(guard.receive, judgeReceiving(strain), mostReceive, now),
  send: moved(guard.send, judgeSending(strain), mostSend, now),
});

/** After a time without measurements, as of a hidden page: what was seen before says nothing about now. */
export const resumed = (guard) => ({
  receive: { ...guard.receive, strainedSince: null, calmSince: null },
  send: { ...guard.send, strainedSince: null, calmSince: null },
});

const calm = () => ({
  step: 0, strainedSince: null, calmSince: null, changedAt: -Infinity, loweredAt: -Infinity, patience: firstPatience,
});

function judgeReceiving({ decoded, dropped, decodeLoad, frameInterval }) {
  const frames = decoded + dropped;
  const lost = frames >= 10 ? dropped / frames : 0;
  if (lost > 0.15 || decodeLoad > 0.9 || (frameInterval > 100 && frames > 0)) return "strained";
  return lost < 0.03 && decodeLoad < 0.6 && frameInterval < 50 ? "calm" : "between";
}

function judgeSending({ limited, encodeLoad }) {
  if (limited > 0.5 || encodeLoad > 0.95) return "strained";
  return limited < 0.05 && encodeLoad < 0.6 ? "calm" : "between";
}

/** @param {Side} side @returns {Side} */
function moved(side, verdict, most, now) {
  const strainedSince = verdict === "strained" ? side.strainedSince ?? now : null;
  const calmSince = verdict === "calm" ? side.calmSince ?? now : null;
  const next = { ...side, strainedSince, calmSince };
  if (strainedSince !== null && now - strainedSince >= strainTime && now - side.changedAt >= settlingTime) {
    return eased(next, most, now);
  }
  if (calmSince !== null && side.step > 0 && now - calmSince >= side.patience) {
    return { ...next, step: side.step - 1, changedAt: now, loweredAt: now, calmSince: now };
  }
  return next;
}

function eased(side, most, now) {
  if (side.step >= most) return side;
  const relapsed = now - side.loweredAt < relapseTime;
  return {
    ...side, step: side.step + 1, changedAt: now, strainedSince: now,
    patience: relapsed ? Math.min(mostPatience, side.patience * 2) : side.patience,
  };
}
