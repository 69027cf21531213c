// Initials on a colour that belongs to the name.

import { h } from "../html.js";

const hues = 8;

/** @param {string} name */
export function avatar(name) {
  return paint(h("span", { class: "avatar", "aria-hidden": "true" }), name);
}

/** Makes an avatar somebody else's. */
export function paint(element, name) {
  element.dataset.hue = String(hueOf(name));
  element.textContent = initials(name);
  return element;
}

/** The first letters of the first and the last word, as a reader counts letters. */
export function initials(name) {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const chosen = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  const letters = chosen.map(firstLetter).join("");
  return letters.toLocaleUpperCase() || "?";
}

function firstLetter(word) {
  if (!Intl.Segmenter) return Array.from(word)[0] ?? "";
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
  return first?.segment ?? "";
}

function hueOf(name) {
  let sum = 7;
  for (const sign of name) sum = (Math.imul(sum, 31) + sign.codePointAt(0)) >>> 0;
  return sum % hues;
}
