// Four bars for a connection's quality, with their meaning in words.

import { h, setAttribute } from "../html.js";
import { msg } from "../i18n.js";
import { barsOf, nameOf, scoreOf } from "../quality.js";

/** Bars that `showQuality` fills; hidden while nothing is known. */
export function qualityBars() {
  return h("span", { class: "bars", role: "img", hidden: true, "data-testid": "bars" },
    ...Array.from({ length: 4 }, () => h("span", {})));
}

/** @param {HTMLElement} bars @param {import("../quality.js").Quality | undefined} quality */
export function showQuality(bars, quality) {
  const score = scoreOf(quality);
  bars.hidden = score === null;
  if (score === null) return;
  bars.dataset.score = String(score);
  bars.dataset.bars = String(barsOf(score));
  const label = msg("quality.label", { quality: msg(`quality.${nameOf(score)}`) });
  setAttribute(bars, "aria-label", label);
  setAttribute(bars, "title", label);
}
