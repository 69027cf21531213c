// Every visible string comes from here. Locales are modules in locales/, one flat object each.

import { preferences } from "./preferences.js";

/** Languages the client speaks, by their own names. */
export const languages = { en: "English", id: "Bahasa Indonesia" };

/** Keys asked for and not found, as "language:key". Tests expect it to stay empty. */
export const missingKeys = new Set();

const messages = {};
const bindings = new WeakMap();
let current = "en";

/** A string to be shown in the reader's language, also after that language changes. */
export class Message {
  /** @param {string} key @param {Record<string, any>} [parameters] values may be messages */
  constructor(key, parameters = {}) {
    this.key = key;
    this.parameters = parameters;
  }

  toString() {
    return t(this.key, this.parameters);
  }
}

/** @returns {Message} */
export const msg = (key, parameters) => new Message(key, parameters);

/** The text for a key now. `count` chooses the plural form where a message has several. */
export function t(key, parameters = {}) {
  let text = messages[current]?.[key];
  if (text === undefined) {
    missingKeys.add(`${current}:${key}`);
    text = messages.en?.[key] ?? `⟦${key}⟧`;
  }
  if (typeof text === "object") {
    text = text[new Intl.PluralRules(current).select(parameters.count)] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => String(parameters[name] ?? ""));
}

/** Binds an attribute (or "textContent") to a message; null unbinds it. */
export function localize(element, name, message) {
  let bound = bindings.get(element);
  if (!bound) {
    if (!message) return;
    bindings.set(element, (bound = new Map()));
  }
  if (message) {
    bound.set(name, message);
    element.setAttribute("data-i18n", "");
    apply(element, name, message);
  } else bound.delete(name);
}

/** The language in use. */
export const language = () => current;

/** Loads a language and puts the page into it. */
export async function setLanguage(code) {
  const chosen = code in languages ? code : "en";
  await Promise.all([load("en"), load(chosen)]);
  current = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-i18n]")) {
    for (const [name, message] of bindings.get(element) ?? []) apply(element, name, message);
  }
  document.dispatchEvent(new CustomEvent("language-changed"));
}

/** The remembered language, else the browser's first one that exists here. */
export function preferredLanguage() {
  const wanted = [preferences.get("language"), ...(navigator.languages ?? [])];
  return wanted.map((tag) => tag?.split("-")[0]).find((tag) => tag in languages) ?? "en";
}

/** A time of day in the reader's language. */
export function clock(milliseconds) {
  return new Intl.DateTimeFormat(current, { hour: "2-digit", minute: "2-digit" })
    .format(new Date(milliseconds));
}

/** "A", "A and B", "A, B and C". */
export function list(items) {
  return new Intl.ListFormat(current, { type: "conjunction" }).format(items);
}

function apply(element, name, message) {
  if (name === "textContent") element.textContent = String(message);
  else element.setAttribute(name, String(message));
}

async function load(code) {
  messages[code] ??= (await import(`./locales/${code}.js`)).default;
}
