// The two dialogs of a room. <dialog> keeps focus inside and gives it back to the opener.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { preferences } from "../../preferences.js";
import { applyTheme, theme, themes } from "../../theme.js";
import { languageSelect } from "../page-header/page-header.js";
import "../device-fields/device-fields.js";

const shortcuts = [
  ["M", "control.microphone"], ["V", "control.camera"], ["S", "control.screen"],
  ["C", "control.chat"], ["P", "control.people"], ["I", "figures.title"], ["?", "help.title"],
];

/** @param {"settings" | "help"} name */
export function openDialog(name, { media }) {
  const body = name === "settings" ? settings(media) : help();
  const dialog = h("dialog", { class: "dialog", "data-testid": `${name}-dialog`, "aria-labelledby": "dialog-title" },
    h("div", { class: "dialog-box" },
      h("header", { class: "panel-header" },
        h("h2", { id: "dialog-title" }, msg(`${name}.title`)),
        h("button", {
          type: "button", class: "icon-button", "data-testid": "close-dialog", "aria-label": msg("dialog.close"),
          title: msg("dialog.close"), on: { click: () => dialog.close() },
        }, icon("close"))),
      ...body));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function settings(media) {
  const devices = Object.assign(h("device-fields"), { media });
  const appearance = h("select", {
    id: "theme", "data-testid": "theme", on: { change: (event) => applyTheme(event.target.value) },
  }, ...themes.map((value) => h("option", { value, selected: value === theme() }, msg(`settings.theme-${value}`))));
  const spare = h("input", {
    type: "checkbox", id: "spare", checked: preferences.get("spare") ?? true, "data-testid": "spare",
    on: { change: (event) => preferences.set("spare", event.target.checked) },
  });
  return [
    devices,
    h("div", { class: "settings-pair" },
      h("div", { class: "device-field" },
        h("span", { class: "label", "aria-hidden": "true" }, msg("settings.language")), languageSelect()),
      h("div", { class: "device-field" }, h("label", { for: "theme" }, msg("settings.theme")), appearance)),
    h("label", { class: "check spare", for: "spare" }, spare, h("span", {}, msg("settings.spare"))),
  ];
}

function help() {
  const toggle = h("input", {
    type: "checkbox", id: "shortcuts-on", checked: preferences.get("shortcuts") ?? true, "data-testid": "shortcuts-on",
    on: { change: (event) => preferences.set("shortcuts", event.target.checked) },
  });
  return [
    h("dl", { class: "shortcuts" }, ...shortcuts.map(([key, label]) =>
      h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, msg(label))))),
    h("label", { class: "check", for: "shortcuts-on" }, toggle, h("span", {}, msg("help.single-keys"))),
    h("p", { class: "hint" }, msg("help.pin")),
  ];
}
