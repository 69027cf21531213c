// <device-fields>: choice of microphone, camera and speaker, a moving meter, a test tone. Needs `media`.

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { Meter } from "../../level.js";
import { Component } from "../component.js";

let count = 0;

customElements.define("device-fields", class extends Component {
  build(signal) {
    const { media } = this;
    count += 1;
    const fields = ["microphone", "camera", ...(media.speakerSupported ? ["speaker"] : [])]
      .map((kind) => ({ kind, select: deviceSelect(kind, media, `device-${kind}-${count}`) }));
    const meter = h("div", {
      class: "meter", role: "meter", "data-testid": "microphone-meter", "aria-label": msg("device.level"),
      "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0,
    }, h("span", { class: "meter-fill" }));
    for (const { kind, select } of fields) {
      const row = kind === "speaker" ? [select, toneButton(media)] : [select];
      this.append(h("div", { class: "device-field", "data-kind": kind },
        h("label", { for: select.id }, icon(kind), h("span", {}, msg(`device.${kind}`))),
        h("div", { class: "field-row" }, ...row), kind === "microphone" ? meter : null));
    }
    const refresh = () => fields.forEach(({ kind, select }) => fill(select, kind, media));
    media.addEventListener("change", refresh, { signal });
    document.addEventListener("language-changed", refresh, { signal });
    refresh();
    runMeter(meter, media, signal);
  }
});

function deviceSelect(kind, media, id) {
  return h("select", {
    id, "data-testid": `device-${kind}`, on: { change: (event) => media.select(kind, event.target.value) },
  });
}

function fill(select, kind, media) {
  const devices = media.devices[kind].filter(({ label, deviceId }) => label || deviceId);
  const current = media.current(kind);
  const options = devices.map((device, index) => h("option", {
    value: device.deviceId, selected: device.deviceId === current,
  }, device.label || msg("device.unnamed", { number: index + 1 })));
  const none = kind === "speaker" ? "device.default" : `device.none-${kind}`;
  select.replaceChildren(...(options.length > 0 ? options : [h("option", { value: "" }, msg(none))]));
  select.disabled = options.length === 0;
}

function toneButton(media) {
  const play = async () => {
    const { playTone } = await import("../../level.js");
    playTone(media.chosen.speaker);
  };
  return h("button", {
    type: "button", class: "secondary", "data-testid": "test-sound", "aria-label": msg("device.test"),
    title: msg("device.test"), on: { click: play },
  }, icon("play"));
}

/** Shows the level of the microphone, and says it to assistive technology twice a second. */
function runMeter(element, media, signal) {
  let meter = null;
  let lastSaid = 0;
  const show = (level) => {
    element.style.setProperty("--level", level.toFixed(3));
    if (performance.now() - lastSaid < 500) return;
    lastSaid = performance.now();
    element.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  };
  const attach = () => {
    if (meter?.track === media.tracks.microphone) return;
    meter?.close();
    meter = media.tracks.microphone ? new Meter(media.tracks.microphone, show) : null;
    if (!meter) show(0);
  };
  media.addEventListener("change", attach, { signal });
  signal.addEventListener("abort", () => meter?.close());
  attach();
}
