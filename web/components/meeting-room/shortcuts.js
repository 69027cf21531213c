// Single-key shortcuts, silent while somebody types, and possible to switch off.

import { preferences } from "../../preferences.js";

/** @param {Record<string, () => void>} actions by lower-case key @param {AbortSignal} signal */
export function listenForShortcuts(actions, signal) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    if (preferences.get("shortcuts") === false || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }, { signal });
}

const fields = "input:not([type=checkbox]), textarea, select, [contenteditable]";

const isTyping = (target) => target.matches?.(fields) ?? false;
