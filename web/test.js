// Starts the page that tests the connection: language, theme, and its one component.

import { h } from "./html.js";
import { missingKeys, preferredLanguage, setLanguage, t } from "./i18n.js";
import { LocalMedia } from "./media.js";
import { applyTheme } from "./theme.js";
import "./components/test-page/test-page.js";

await setLanguage(preferredLanguage());
applyTheme();
document.addEventListener("language-changed", title);
document.addEventListener("open-start", () => location.assign("/"));
const media = new LocalMedia();
const page = Object.assign(h("test-page"), { media });
document.querySelector("#app").replaceChildren(page);
window.jumpa = { missingKeys, page, media };
title();

function title() {
  document.title = t("title.test");
}
