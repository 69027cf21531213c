// Buttons with an icon and a label that may change with state.

import { h, setAttribute, setText } from "../html.js";
import { icon, setIcon } from "../icons.js";

/**
 * A toolbar button: an icon, a short caption, and a full label for assistive technology and as a tooltip.
 * @param {{icon: string, label: import("../i18n.js").Message, caption?: import("../i18n.js").Message,
 *   testid: string, class?: string, onClick: (event: Event) => void, [attribute: string]: any}} options
 */
export function toolButton({ icon: name, label, caption, testid, class: extra = "", onClick, ...rest }) {
  return h("button", {
    type: "button", class: `tool ${extra}`.trim(), "data-testid": testid, "aria-label": label, title: label,
    on: { click: onClick }, ...rest,
  }, icon(name), caption ? h("span", { class: "caption", "aria-hidden": "true" }, caption) : null);
}

/** Shows another state on a tool button. */
export function setTool(button, { icon: name, label, caption, state, ...attributes }) {
  if (name) setIcon(button.querySelector(".icon"), name);
  if (label) {
    setAttribute(button, "aria-label", label);
    setAttribute(button, "title", label);
  }
  if (caption) setText(button.querySelector(".caption"), caption);
  if (state !== undefined) button.dataset.state = state;
  for (const [attribute, value] of Object.entries(attributes)) setAttribute(button, attribute, value);
}
