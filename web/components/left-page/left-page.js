// <left-page>: after leaving, or after the meeting was opened in another window. Needs `meeting`.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { Component } from "../component.js";
import "../page-header/page-header.js";

customElements.define("left-page", class extends Component {
  build() {
    const { room, phase } = this.meeting.store.state;
    const title = h("h1", { tabindex: -1 }, msg(phase === "replaced" ? "left.replaced" : "left.title"));
    const rejoin = () => this.meeting.store.update({ phase: "lobby" });
    const home = () => this.dispatchEvent(new CustomEvent("open-start", { bubbles: true }));
    this.append(
      h("page-header"),
      h("main", { class: "left", "data-testid": "left-page" },
        title,
        h("p", { class: "room-name" }, room),
        h("div", { class: "actions" },
          h("button", { type: "button", class: "primary", "data-testid": "rejoin", on: { click: rejoin } },
            icon("camera"), h("span", {}, msg("left.rejoin"))),
          h("button", { type: "button", class: "secondary", "data-testid": "to-start", on: { click: home } },
            msg("left.home")))),
    );
    title.focus({ preventScroll: true });
  }
});
