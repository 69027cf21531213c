// The chat of one stay: what was said, what is unread, what may be sent.

import { msg } from "./i18n.js";

const mostBytes = 4096;

export class Conversation {
  #keys = new Set();
  #store;
  #notices;

  /** @param {import("./store.js").Store} store keeps `chat` and `unread` @param {import("./notices.js").Notices} notices */
  constructor(store, notices) {
    this.#store = store;
    this.#notices = notices;
  }

  /** Takes messages in, each once; `quiet` for those from before. */
  add(messages, { quiet }) {
    const fresh = messages.filter((message) => {
      const key = `${message.id}:${message.at}`;
      return !this.#keys.has(key) && this.#keys.add(key);
    });
    if (fresh.length === 0) return;
    const { chat, panel, self, unread } = this.#store.state;
    const counted = quiet || panel === "chat" ? 0 : fresh.filter(({ userId }) => userId !== self).length;
    this.#store.update({ chat: [...chat, ...fresh], unread: unread + counted });
  }

  /** @param {(text: string) => boolean} post @returns {boolean} false where it could not be sent; the reason is shown */
  say(text, post) {
    const trimmed = text.trim();
    if (!trimmed) return false;
    if (new TextEncoder().encode(trimmed).length > mostBytes) {
      this.#notices.show({ id: "chat", level: "warning", message: msg("notice.chat-too-long") });
      return false;
    }
    if (post(trimmed)) return true;
    this.#notices.show({ id: "chat", level: "warning", message: msg("notice.chat-offline") });
    return false;
  }
}
