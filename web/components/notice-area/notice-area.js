// <notice-area>: the one place for notices. Needs `notices`.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { Component } from "../component.js";

const icons = { info: "info", good: "check", warning: "warning", outage: "warning" };

customElements.define("notice-area", class extends Component {
  build(signal) {
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    this.dataset.testid = "notices";
    this.notices.store.watch(["visible"], ({ visible }) => this.#refresh(visible), signal);
  }

  /** Keeps a notice's element while the notice is the same, so that it is announced once. */
  #refresh(visible) {
    for (const element of [...this.children]) {
      if (!visible.includes(element.notice)) element.remove();
    }
    for (const notice of visible) {
      if ([...this.children].some((element) => element.notice === notice)) continue;
      this.append(Object.assign(this.#element(notice), { notice }));
    }
  }

  #element({ id, level, message, action }) {
    let button = null;
    if (action) {
      button = h("button", {
        type: "button", class: "primary compact", "data-testid": `notice-${id}`, on: { click: action.run },
      }, action.label);
    } else if (level !== "outage") {
      button = h("button", {
        type: "button", class: "icon-button", "aria-label": msg("notice.dismiss"),
        on: { click: () => this.notices.dismiss(id) },
      }, icon("close"));
    }
    return h("div", { class: "notice", "data-notice": id, "data-level": level },
      icon(icons[level]), h("p", {}, message), button);
  }
});
