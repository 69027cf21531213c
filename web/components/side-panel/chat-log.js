// <chat-log>: messages as plain text, links made clickable. Needs `meeting`.

import { h, setText } from "../../html.js";
import { icon } from "../../icons.js";
import { clock, msg } from "../../i18n.js";
import { Component } from "../component.js";

const sameSpeech = 120_000;
const linkPattern = /https?:\/\/[^\s<>"'`]+/g;
let draft = "";

customElements.define("chat-log", class extends Component {
  #shown = 0;
  #last = null;

  build(signal) {
    this.#shown = 0;
    this.#last = null;
    this.log = h("div", {
      class: "chat-messages", role: "log", tabindex: 0, "aria-label": msg("panel.chat"), "data-testid": "chat-messages",
    });
    this.empty = h("p", { class: "chat-empty" }, msg("chat.empty"));
    this.field = h("textarea", {
      id: "chat-text", rows: 1, maxlength: 4096, "data-testid": "chat-input",
      "aria-label": msg("chat.placeholder"), placeholder: msg("chat.placeholder"),
      on: { keydown: (event) => this.#key(event), input: () => { draft = this.field.value; } },
    });
    this.field.value = draft;
    const send = h("button", {
      class: "primary square", "data-testid": "chat-send", "aria-label": msg("chat.send"), title: msg("chat.send"),
    }, icon("send"));
    const submit = (event) => this.#send(event);
    this.append(this.log, h("form", { class: "chat-form", on: { submit } }, this.field, send));
    this.log.append(this.empty);
    this.meeting.store.watch(["chat"], ({ chat, self }) => this.#refresh(chat, self), signal);
  }

  takeFocus() {
    this.field.focus({ preventScroll: true });
    this.log.scrollTop = this.log.scrollHeight;
  }

  #refresh(chat, self) {
    const { log } = this;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    for (const message of chat.slice(this.#shown)) log.append(this.#element(message, self));
    this.#shown = chat.length;
    this.empty.hidden = chat.length > 0;
    if (atEnd || chat.at(-1)?.userId === self) log.scrollTop = log.scrollHeight;
  }

  #element({ id, userId, name, text, at }, self) {
    const previous = this.#last;
    const follows = previous?.userId === userId && previous.name === name && at - previous.at < sameSpeech;
    this.#last = { userId, name, at };
    const author = h("span", { class: "author" });
    setText(author, userId === self ? msg("chat.you") : String(name ?? ""));
    return h("article", {
      class: "message", "data-testid": "chat-message", "data-message": id,
      "data-own": String(userId === self), "data-follows": String(follows),
    },
      h("header", {}, author, h("time", { datetime: timestamp(at) }, Number.isFinite(at) ? clock(at) : "")),
      h("p", {}, ...linked(String(text ?? ""))));
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.field.form.requestSubmit();
  }

  #send(event) {
    event.preventDefault();
    if (!this.meeting.sendChat(this.field.value)) return;
    this.field.value = draft = "";
    this.field.focus();
  }
});

/** Text nodes, and anchors for what is a web address. */
function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(linkPattern)) {
    const address = match[0].replace(/[.,;:!?)\]]+$/, "");
    const anchor = h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
    parts.push(text.slice(end, match.index), anchor);
    end = match.index + address.length;
  }
  return [...parts, text.slice(end)];
}

function timestamp(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
