// <test-page>: tests the way to the server and the devices, and says what to do about what it finds. Needs `media`.

import { ConnectionTest } from "../../connection-test.js";
import { findings, verdict } from "../../findings.js";
import { h, setText } from "../../html.js";
import { msg } from "../../i18n.js";
import { report } from "../../test-report.js";
import { Component } from "../component.js";
import { DeviceTest } from "./device-test.js";
import "../page-header/page-header.js";

customElements.define("test-page", class extends Component {
  #test = null;
  #devices;
  #step = null;

  build(signal) {
    this.#devices = new DeviceTest(this.media, () => this.#refresh());
    this.append(
      h("page-header"),
      h("main", { class: "test" },
        h("h1", {}, msg("test.title")),
        h("p", { class: "lead" }, msg("test.lead")),
        (this.verdict = h("p", { class: "test-verdict", role: "status", "data-testid": "verdict" })),
        h("section", { "aria-labelledby": "test-network" },
          h("h2", { id: "test-network" }, msg("test.network")),
          (this.step = h("p", { class: "hint", "data-testid": "step" })),
          (this.list = h("ul", { class: "findings", "data-testid": "findings" }))),
        this.#devices.section,
        h("section", { class: "test-report" },
          h("div", { class: "actions" },
            (this.again = h("button", {
              type: "button", class: "secondary", "data-testid": "test-again", on: { click: () => this.#run() },
            }, msg("test.again"))),
            h("button", {
              type: "button", class: "primary", "data-testid": "copy-report", on: { click: () => this.#copy() },
            }, msg("test.copy"))),
          (this.copied = h("p", { class: "hint", role: "status", "data-testid": "copied" })),
          h("details", {}, h("summary", {}, msg("test.report")),
            (this.text = h("pre", { tabindex: 0, "data-testid": "report", "aria-label": msg("test.report") })))),
      ),
    );
    document.addEventListener("language-changed", () => this.#refresh(), { signal });
    signal.addEventListener("abort", () => {
      this.#test?.stop();
      this.#devices.end();
    });
    this.#run();
  }

  /** What was found, for the report and for tests. */
  get results() {
    return { ...this.#test.results, ...this.#devices.results };
  }

  async #run() {
    this.#test?.stop();
    const test = (this.#test = new ConnectionTest());
    const follow = (id) => {
      if (this.#test !== test) return;
      this.#step = id;
      this.#refresh();
    };
    test.addEventListener("step", ({ detail }) => follow(detail.id));
    test.addEventListener("result", () => this.#test === test && this.#refresh());
    this.dataset.state = "running";
    this.again.disabled = true;
    await test.run();
    if (this.#test !== test) return;
    this.dataset.state = "done";
    this.again.disabled = false;
    follow("done");
  }

  #refresh() {
    const { results } = this;
    const found = findings(results);
    const { level, key } = this.dataset.state === "done" ? verdict(results) : { level: "none", key: "test.verdict.running" };
    this.verdict.dataset.level = level;
    if (this.verdict.dataset.key !== key) {
      this.verdict.dataset.key = key;
      setText(this.verdict, msg(key));
    }
    setText(this.step, this.#step ? msg(`test.step.${this.#step}`) : "");
    const isDevice = ({ id }) => ["microphone", "camera", "speaker"].includes(id);
    this.list.replaceChildren(...found.filter((one) => !isDevice(one)).map(element));
    this.#devices.list.replaceChildren(...found.filter(isDevice).map(element));
    this.text.textContent = report(results, found, verdict(results));
  }

  async #copy() {
    const isCopied = await Promise.resolve(navigator.clipboard?.writeText(this.text.textContent))
      .then(() => Boolean(navigator.clipboard), () => false);
    setText(this.copied, msg(isCopied ? "test.copied" : "test.copy-failed"));
    if (!isCopied) this.querySelector("details").open = true;
  }
});

/** @param {import("../../findings.js").Finding} finding */
function element({ id, level, key, parameters, rules = [] }) {
  return h("li", { class: "finding", "data-finding": id, "data-level": level },
    h("span", { class: "finding-level" }, msg(`test.level.${level}`)),
    h("div", { class: "finding-text" },
      h("p", { "data-testid": "sentence" }, msg(key, parameters)),
      rules.length === 0 ? null : h("div", { class: "rules" },
        h("p", { class: "hint" }, msg("test.rules")),
        h("dl", {}, ...rules.flatMap((rule) => [h("dt", {}, msg(rule.key)), h("dd", {}, h("code", {}, rule.text))])))));
}
