// <data-page>: a data channel to the server, with what goes through it.

import { DataConnection } from "../../data-connection.js";
import { h, setText } from "../../html.js";
import { msg } from "../../i18n.js";
import { Component } from "../component.js";
import "../page-header/page-header.js";

const shown = 500;

customElements.define("data-page", class extends Component {
  build(signal) {
    this.connection = new DataConnection();
    this.connection.addEventListener("state", () => this.#showState(), { signal });
    this.connection.addEventListener("message", ({ detail }) => this.#note("server", detail), { signal });
    signal.addEventListener("abort", () => this.connection.stop());
    this.append(
      h("page-header"),
      h("main", { class: "data" },
        h("h1", {}, msg("data.title")),
        h("p", { class: "lead" }, msg("data.lead")),
        this.#controls(),
        // Read aloud it would speak every second; who wants to hear it finds it by its name.
        (this.log = h("div", {
          class: "data-log", role: "log", "aria-live": "off", tabindex: 0, "aria-label": msg("data.log"),
          "data-testid": "data-log",
        })),
        this.#form(),
      ),
    );
    this.#showState();
  }

  #controls() {
    this.button = h("button", {
      class: "primary", "data-testid": "start-connection", on: { click: () => this.#toggle() },
    });
    this.state = h("p", { class: "data-state", role: "status", "data-testid": "data-state" });
    return h("div", { class: "data-controls" }, this.button, this.state);
  }

  #form() {
    this.field = h("input", {
      id: "data-text", maxlength: 16384, autocomplete: "off", "data-testid": "data-input",
    });
    this.sendButton = h("button", { class: "secondary", "data-testid": "data-send" }, msg("data.send"));
    const submit = (event) => this.#send(event);
    return h("form", { class: "data-form", on: { submit } },
      h("label", { for: "data-text" }, msg("data.message")),
      h("div", { class: "field-row" }, this.field, this.sendButton));
  }

  #toggle() {
    if (["idle", "failed", "closed"].includes(this.connection.state)) this.connection.start();
    else this.connection.stop();
  }

  #send(event) {
    event.preventDefault();
    const text = this.field.value;
    if (!text || !this.connection.send(text)) return;
    this.#note("own", text);
    this.field.value = "";
    this.field.focus();
  }

  #showState() {
    const { state } = this.connection;
    const isOver = ["idle", "failed", "closed"].includes(state);
    const wasDisabled = this.field.disabled;
    setText(this.button, msg(isOver ? "data.start" : "data.stop"));
    setText(this.state, msg(`data.${state}`));
    this.state.dataset.state = state;
    this.field.disabled = this.sendButton.disabled = state !== "connected";
    if (wasDisabled && state === "connected" && document.activeElement === this.button) this.field.focus();
  }

  #note(author, content) {
    const { log } = this;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const name = h("span", { class: "data-author" }, msg(author === "own" ? "data.you" : "data.server"));
    const text = h("span", { class: "data-text" });
    setText(text, typeof content === "number" ? msg("data.bytes", { count: content }) : content);
    log.append(h("p", { "data-testid": "data-entry", "data-author": author }, name, text));
    while (log.childElementCount > shown) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
});
