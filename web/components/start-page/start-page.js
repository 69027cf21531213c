// <start-page>: start a meeting or join one.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { roomFrom, suggestRoom } from "../../room-names.js";
import { avatar } from "../avatar.js";
import { Component } from "../component.js";
import "../page-header/page-header.js";

customElements.define("start-page", class extends Component {
  build() {
    this.append(
      h("page-header"),
      h("main", { class: "start" },
        h("section", { class: "start-words" },
          h("h1", {}, msg("start.title")),
          h("p", { class: "lead" }, msg("start.lead")),
          newMeetingForm(),
          h("div", { class: "or", role: "separator" }, h("span", {}, msg("start.or"))),
          joinForm(),
        ),
        picture(),
      ),
      h("footer", { class: "page-footer" }, h("p", {}, msg("start.footer")),
        h("p", {}, h("a", { href: "/test", "data-testid": "to-test" }, msg("start.test")))),
    );
  }
});

function newMeetingForm() {
  const name = h("input", {
    id: "new-room", name: "room", value: suggestRoom(), maxlength: 128, required: true, autocomplete: "off",
    autocapitalize: "none", spellcheck: "false", "data-testid": "new-room", "aria-describedby": "new-room-hint",
  });
  const again = h("button", {
    type: "button", class: "icon-button", title: msg("start.another"), "aria-label": msg("start.another"),
    "data-testid": "another-name", on: { click: () => { name.value = suggestRoom(); } },
  }, icon("again"));
  return h("form", { class: "start-form", "data-testid": "new-form", on: { submit: (event) => open(event, name) } },
    h("label", { for: "new-room" }, msg("start.name")),
    h("div", { class: "field-row" },
      h("div", { class: "field-with-button" }, name, again),
      h("button", { class: "primary", "data-testid": "start" }, icon("camera"), h("span", {}, msg("start.start")))),
    h("p", { class: "hint", id: "new-room-hint" }, msg("start.name-hint")),
  );
}

function joinForm() {
  const link = h("input", {
    id: "join-room", name: "link", required: true, maxlength: 2048, autocomplete: "off", autocapitalize: "none",
    spellcheck: "false", placeholder: msg("start.join-placeholder"), "data-testid": "join-room",
  });
  return h("form", { class: "start-form", "data-testid": "join-form", on: { submit: (event) => open(event, link) } },
    h("label", { for: "join-room" }, msg("start.join-label")),
    h("div", { class: "field-row" }, link,
      h("button", { class: "secondary", "data-testid": "open-room" }, h("span", {}, msg("start.join")), icon("arrow"))),
  );
}

function open(event, field) {
  event.preventDefault();
  const room = roomFrom(field.value);
  if (room) field.dispatchEvent(new CustomEvent("open-room", { bubbles: true, detail: { room } }));
  else field.focus();
}

/** A small meeting, drawn with the client's own tiles. */
function picture() {
  const people = ["Ana Putri", "Budi", "Citra Dewi", "Made"];
  return h("div", { class: "start-picture", "aria-hidden": "true" },
    h("div", { class: "mini-room" },
      ...people.map((name, index) => h("div", { class: "mini-tile", "data-speaking": index === 1 },
        avatar(name), h("span", { class: "plate" }, name.split(" ")[0]))),
      h("div", { class: "mini-bar" }, ...["microphone", "camera", "screen", "chat", "leave"].map(icon))));
}
