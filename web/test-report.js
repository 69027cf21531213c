// The test's report as text, for who helps from afar. Pure, but for the browser's name.

import { t } from "./i18n.js";

const marks = { good: "+", warning: "!", bad: "x", none: "-" };

/** @param {object} results @param {import("./findings.js").Finding[]} found @param {{key: string}} verdict */
export function report(results, found, verdict, { agent = navigator.userAgent, now = new Date() } = {}) {
  const { page, server, bandwidth } = results;
  return [
    `Jumpa ${server?.version ?? "?"} · ${page.host} · ${now.toISOString()}`,
    agent,
    t(verdict.key),
    "",
    ...found.flatMap(({ level, key, parameters, rules = [] }) => [
      `[${marks[level]}] ${t(key, parameters)}`,
      ...rules.flatMap((rule) => [`      ${t(rule.key)}:`, ...rule.text.split("\n").map((line) => `        ${line}`)]),
    ]),
    "",
    `address ${server?.address ?? "?"}; media ${server?.media?.join(" ") ?? "?"}; clock ${server?.skew ?? "?"} ms`,
    ...(bandwidth ? [`measured by ${bandwidth.way}`] : []),
  ].join("\n");
}
