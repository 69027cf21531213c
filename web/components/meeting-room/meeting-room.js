// <meeting-room>: stage, panel, controls and notices. Needs `meeting` and `media`.

import { h, setAttribute, setText } from "../../html.js";
import { icon } from "../../icons.js";
import { msg, t } from "../../i18n.js";
import { pathOf } from "../../room-names.js";
import { openDialog } from "../app-dialog/app-dialog.js";
import { Component } from "../component.js";
import { listenForShortcuts } from "./shortcuts.js";
import "../call-figures/call-figures.js";
import "../control-bar/control-bar.js";
import "../notice-area/notice-area.js";
import "../side-panel/side-panel.js";
import "./audio-outlet.js";
import "./tile-grid.js";

const announceEvery = 5000;

customElements.define("meeting-room", class extends Component {
  #announced = -Infinity;

  build(signal) {
    const { meeting, media } = this;
    const part = (tag, properties = {}) => Object.assign(h(tag, properties), { meeting, media });
    const grid = part("tile-grid", { "aria-label": msg("room.grid") });
    const notices = Object.assign(h("notice-area"), { notices: meeting.notices });
    this.status = h("p", { class: "visually-hidden", "aria-live": "polite" });
    this.append(
      this.#header(signal),
      h("main", { class: "room-main" },
        h("h1", { class: "visually-hidden" }, msg("title.room", { room: meeting.store.state.room })),
        h("div", { class: "stage" }, grid, part("call-figures")),
        notices,
        part("side-panel")),
      h("footer", {}, part("control-bar", { "aria-label": msg("control.bar") })),
      part("audio-outlet"),
      this.status,
    );
    this.addEventListener("open-dialog", ({ detail }) => openDialog(detail, { media }), { signal });
    document.addEventListener("copy-link", () => this.#copyLink(), { signal });
    listenForShortcuts({
      m: () => meeting.toggleMicrophone(),
      v: () => meeting.toggleCamera(),
      s: () => media.screenSupported && meeting.toggleScreen(),
      c: () => meeting.openPanel("chat"),
      p: () => meeting.openPanel("people"),
      i: () => meeting.toggleFigures(),
      "?": () => openDialog("help", { media }),
    }, signal);
    this.#closePanelOnEscape(signal);
    meeting.store.watch(["unread"], (state) => this.#announceChat(state), signal);
    keepAwake(signal);
    grid.focus({ preventScroll: true });
  }

  #header(signal) {
    const { store } = this.meeting;
    const text = h("span", {});
    const connection = h("p", { class: "connection", "data-testid": "connection" }, h("span", { class: "dot" }), text);
    store.watch(["link", "outage"], ({ link, outage }) => {
      connection.dataset.state = outage ? "lost" : "connected";
      connection.dataset.link = link;
      setText(text, msg(outage ? "room.reconnecting" : "room.connected"));
      setAttribute(connection, "data-outage", outage ?? false);
    }, signal);
    return h("header", { class: "room-bar" },
      h("img", { class: "mark", src: "/assets/icon.svg", alt: "", width: 28, height: 28 }),
      h("p", { class: "room-title", "data-testid": "room-name", title: store.state.room }, store.state.room),
      connection,
      h("button", {
        type: "button", class: "copy", "data-testid": "copy-link",
        "aria-label": msg("room.copy"), title: msg("room.copy"),
        on: { click: () => this.#copyLink() },
      }, icon("link"), h("span", { "aria-hidden": "true" }, msg("room.copy"))));
  }

  async #copyLink() {
    const link = location.origin + pathOf(this.meeting.store.state.room);
    const copied = await copyText(link);
    this.meeting.notices.show({
      id: "copied", level: copied ? "good" : "info",
      message: copied ? msg("notice.copied") : msg("notice.copy-by-hand", { link }), time: copied ? 2500 : 15_000,
    });
  }

  #closePanelOnEscape(signal) {
    document.addEventListener("keydown", (event) => {
      const { panel } = this.meeting.store.state;
      if (event.key !== "Escape" || panel === null || document.querySelector("dialog[open], :popover-open")) return;
      this.meeting.openPanel(panel);
    }, { signal });
  }

  /** Tells a listener of a new message, but not of every one in a quick exchange. */
  #announceChat({ unread, chat }) {
    const message = chat.at(-1);
    if (unread === 0 || !message || performance.now() - this.#announced < announceEvery) return;
    this.#announced = performance.now();
    this.status.textContent = t("chat.announce", { name: message.name });
  }
});

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages over http have no clipboard: the old way still works there.
    const field = h("textarea", { class: "visually-hidden", readonly: true });
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  }
}

/** A screen that goes dark ends a phone's meeting. */
function keepAwake(signal) {
  const ask = async () => {
    if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
    const lock = await navigator.wakeLock.request("screen").catch(() => null);
    if (signal.aborted) lock?.release();
    else signal.addEventListener("abort", () => lock?.release());
  };
  document.addEventListener("visibilitychange", ask, { signal });
  ask();
}
