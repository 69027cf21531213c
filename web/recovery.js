// When ICE is restarted, so that other ways to the server are tried. Pure, but for the timer that calls it.
//
// The first offer is made before the relays are known and goes without them, which most networks allow. A restart asks
// the relays too; the browser then tries all ways at once and keeps the best that works.

/** How long the first try is given, in milliseconds. A path that broke was silent for long enough. */
const patience = { connecting: 1500, broken: 0 };

/** How long the first restart is given; each one more, since a way by relays over a slow link takes its time. */
const firstRestart = 5000;
const longestRestart = 20_000;

/** How long after the last sign of progress a try may still succeed, and how much longer that makes it at most. */
const progressLasts = 3000;
const progressAdds = 15_000;

/** No two restarts come closer than this, whatever happens. */
const leastDistance = 1000;

/** @typedef {"idle" | "connecting" | "broken"} Phase connecting: never connected yet; broken: not any more, or given up */
/**
 * @typedef {{phase: Phase, since: number, tries: number, triedAt: number, progressAt: number, isVain: boolean}} Tries
 * `progressAt` is when the try under way last found out something; `isVain` where it cannot succeed any more
 */

/** @returns {Tries} */
export const untried = () =>
  ({ phase: "idle", since: 0, tries: 0, triedAt: -Infinity, progressAt: -Infinity, isVain: false });

/** What is known once `phase` holds. @param {Tries} before @returns {Tries} */
export function entered(before, phase, now) {
  if (phase === before.phase) return before;
  // A call that was given up is still the same trouble: its restarts keep their distance.
  return phase === "idle" ? { ...untried(), triedAt: before.triedAt } : { ...before, phase, since: now };
}

/** What is known after a restart. @param {Tries} before @returns {Tries} */
export const tried = (before, now) =>
  ({ ...before, tries: before.tries + 1, triedAt: now, progressAt: -Infinity, isVain: false });

/** What is known once the try under way has found out something. @param {Tries} before @returns {Tries} */
export const progressed = (before, now) => ({ ...before, progressAt: now });

/** What is known once the try under way has come to nothing. @param {Tries} before @returns {Tries} */
export const vain = (before) => ({ ...before, isVain: true });

/** When to restart next; null for never. @param {Tries} tries */
export function nextRestart({ phase, since, tries, triedAt, progressAt, isVain }, hasRelays) {
  if (phase === "idle" || (phase === "connecting" && !hasRelays)) return null;
  const soonest = triedAt + leastDistance;
  if (isVain) return soonest;
  if (tries === 0) return Math.max(since + patience[phase], soonest);
  const due = triedAt + Math.min(firstRestart * 2 ** (tries - 1), longestRestart);
  return Math.max(due, Math.min(progressAt + progressLasts, due + progressAdds));
}

/** Restarts ICE as long as there is no path. */
export class Recovery {
  #restart;
  #tries = untried();
  #hasRelays = false;
  #timer = null;

  /** @param {() => void} restart */
  constructor(restart) {
    this.#restart = restart;
  }

  /** Looks again, as after any change. @param {Phase} phase @param {boolean} hasRelays whether there are ways left untried */
  look(phase, hasRelays) {
    this.#tries = entered(this.#tries, phase, performance.now());
    this.#hasRelays = hasRelays;
    this.#plan();
  }

  /** The try under way has found out something: a candidate, or a pair that is being checked. */
  progress() {
    this.#tries = progressed(this.#tries, performance.now());
    this.#plan();
  }

  /** The server has given the try under way up. */
  giveUp() {
    this.#tries = vain(this.#tries);
    this.#plan();
  }

  end() {
    clearTimeout(this.#timer);
  }

  #plan() {
    clearTimeout(this.#timer);
    const at = nextRestart(this.#tries, this.#hasRelays);
    if (at !== null) this.#timer = setTimeout(() => this.#try(), Math.max(0, at - performance.now()));
  }

  #try() {
    this.#tries = tried(this.#tries, performance.now());
    this.#plan();
    this.#restart();
  }
}
