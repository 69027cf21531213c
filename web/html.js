// Builds elements. Data only ever becomes a text node or an attribute, so it cannot become markup.
// Usage: h("button", { class: "quiet", "aria-label": msg("chat.close"), on: { click } }, icon("close"))

import { Message, localize } from "./i18n.js";

/** @typedef {Node | string | number | Message | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] attributes; `on` holds listeners, `signal` ends them,
 *   `true` sets an empty attribute, `false`, `null` and `undefined` set none
 * @param {...(Child | Child[])} children
 * @returns {any} the element
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, signal, ...attributes } = properties ?? {};
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [type, listener] of Object.entries(on)) {
    element.addEventListener(type, listener, { signal });
  }
  const flat = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  if (flat.length === 1 && flat[0] instanceof Message) localize(element, "textContent", flat[0]);
  else element.append(...flat.map(node));
  return element;
}

/** Sets, localizes or removes one attribute. */
export function setAttribute(element, name, value) {
  if (value instanceof Message) localize(element, name, value);
  else if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces an element's text by a message in the reader's language or by plain text. */
export function setText(element, value) {
  if (value instanceof Message) localize(element, "textContent", value);
  else {
    localize(element, "textContent", null);
    element.textContent = value;
  }
}

/** @param {Child} child */
function node(child) {
  if (child instanceof Node) return child;
  if (child instanceof Message) return h("span", {}, child);
  return document.createTextNode(String(child));
}
