// Light, dark, or as the system says.

import { preferences } from "./preferences.js";

export const themes = ["system", "light", "dark"];

export const theme = () => preferences.get("theme") ?? "system";

/** Puts the remembered theme, or a new one, into effect. */
export function applyTheme(chosen = theme()) {
  preferences.set("theme", chosen);
  document.documentElement.dataset.theme = chosen;
}
