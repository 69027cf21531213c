// What the client has to say: at most two notices at a time, the urgent ones first, joins and departures grouped.

import { list, msg } from "./i18n.js";
import { Store } from "./store.js";

const mostVisible = 2;
const usualTime = 5000;
const groupingTime = 1200;

/**
 * @typedef {object} Notice
 * @property {string} id a later notice with the same id replaces it
 * @property {"info" | "good" | "warning" | "outage"} level
 * @property {import("./i18n.js").Message} message
 * @property {{label: import("./i18n.js").Message, run: () => void}} [action]
 * @property {number} [time] milliseconds until it goes; 0 stays until dismissed
 */

export class Notices {
  /** Holds `visible`: Notice[]. */
  store = new Store({ visible: [] });
  #all = [];
  #timers = new Map();
  #groups = new Map();

  /** @param {Notice} notice */
  show(notice) {
    this.#forget(notice.id);
    this.#all.push(notice);
    const time = notice.time ?? usualTime;
    if (time > 0) this.#timers.set(notice.id, setTimeout(() => this.dismiss(notice.id), time));
    this.#publish();
  }

  dismiss(id) {
    this.#forget(id);
    this.#publish();
  }

  clear() {
    for (const { id } of [...this.#all]) this.#forget(id);
    for (const group of this.#groups.values()) clearTimeout(group.timer);
    this.#groups.clear();
    this.#publish();
  }

  /** Collects names for a moment and shows them as one notice. */
  group(key, name) {
    const group = this.#groups.get(key) ?? { names: [], timer: null };
    this.#groups.set(key, group);
    group.names.push(name);
    clearTimeout(group.timer);
    group.timer = setTimeout(() => {
      this.#groups.delete(key);
      const shown = group.names.length > 3
        ? [...group.names.slice(0, 2), msg("notice.others", { count: group.names.length - 2 })]
        : group.names;
      this.show({ id: key, level: "info", message: msg(key, { names: { toString: () => list(shown.map(String)) } }) });
    }, groupingTime);
  }

  #forget(id) {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#all = this.#all.filter((notice) => notice.id !== id);
  }

  #publish() {
    const weight = { outage: 3, warning: 2, good: 1, info: 0 };
    const ordered = this.#all.map((notice, age) => ({ notice, age }))
      .sort((a, b) => weight[b.notice.level] - weight[a.notice.level] || b.age - a.age);
    this.store.update({ visible: ordered.slice(0, mostVisible).map(({ notice }) => notice) });
  }
}
