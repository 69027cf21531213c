// <page-header>: the name of the product and the choice of language, on the pages outside a room.

import { h } from "../../html.js";
import { language, languages, msg, setLanguage } from "../../i18n.js";
import { preferences } from "../../preferences.js";
import { Component } from "../component.js";

customElements.define("page-header", class extends Component {
  build() {
    this.setAttribute("role", "banner");
    this.append(
      h("a", { class: "brand", href: "/", "data-testid": "home", on: { click: goHome } },
        h("img", { src: "/assets/icon.svg", alt: "", width: 32, height: 32 }), h("span", {}, "Jumpa")),
      languageSelect(),
    );
  }
});

/** The choice of language, remembered. */
export function languageSelect() {
  const change = (event) => {
    preferences.set("language", event.target.value);
    setLanguage(event.target.value);
  };
  return h("select", {
    class: "language", "data-testid": "language", "aria-label": msg("settings.language"), on: { change },
  },
    ...Object.entries(languages).map(([code, name]) =>
      h("option", { value: code, lang: code, selected: code === language() }, name)));
}

function goHome(event) {
  event.preventDefault();
  event.target.dispatchEvent(new CustomEvent("open-start", { bubbles: true }));
}
