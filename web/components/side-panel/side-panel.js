// <side-panel>: chat or people beside the stage. Needs `meeting`.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { Component } from "../component.js";
import "./chat-log.js";
import "./people-list.js";

customElements.define("side-panel", class extends Component {
  build(signal) {
    this.dataset.testid = "panel";
    this.meeting.store.watch(["panel"], ({ panel }) => this.#open(panel), signal);
  }

  #open(panel) {
    const hadFocus = this.contains(document.activeElement);
    const previous = this.dataset.panel;
    this.hidden = panel === null;
    this.dataset.panel = panel ?? "";
    this.replaceChildren();
    if (panel === null) {
      if (hadFocus) document.querySelector(`[data-testid=toggle-${previous}]`)?.focus();
      return;
    }
    const content = h(panel === "chat" ? "chat-log" : "people-list");
    content.meeting = this.meeting;
    const title = h("h2", { id: "panel-title", tabindex: -1 }, msg(`panel.${panel}`));
    this.append(
      h("section", { class: "panel", "aria-labelledby": "panel-title" },
        h("header", { class: "panel-header" }, title,
          h("button", {
            type: "button", class: "icon-button", "data-testid": "close-panel", "aria-label": msg("panel.close"),
            title: msg("panel.close"), on: { click: () => this.meeting.openPanel(panel) },
          }, icon("close"))),
        content));
    if (content.takeFocus) content.takeFocus();
    else title.focus({ preventScroll: true });
  }
});
