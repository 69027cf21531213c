// Starts the page of the data-channel peer: language, theme, and its one component.

import { h } from "./html.js";
import { missingKeys, preferredLanguage, setLanguage, t } from "./i18n.js";
import { applyTheme } from "./theme.js";
import "./components/data-page/data-page.js";

await setLanguage(preferredLanguage());
applyTheme();
document.addEventListener("language-changed", title);
document.addEventListener("open-start", () => location.assign("/"));
const page = h("data-page");
document.querySelector("#app").replaceChildren(page);
window.jumpa = { missingKeys, page };
title();

function title() {
  document.title = t("title.data");
}
