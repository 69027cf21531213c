// The part of the test page that looks at camera, microphone and speaker.

import { h } from "../../html.js";
import { msg } from "../../i18n.js";
import { Meter } from "../../level.js";
import "../device-fields/device-fields.js";

/** A voice lifts the meter above this. */
const audible = 0.15;

export class DeviceTest {
  /** `microphone`, `camera`, `speaker` as `findings.js` takes them. */
  results = {};
  #media;
  #changed;
  #ending = new AbortController();
  #meter = null;
  #video;

  /** @param {import("../../media.js").LocalMedia} media @param {() => void} changed */
  constructor(media, changed) {
    this.#media = media;
    this.#changed = changed;
    this.list = h("ul", { class: "findings", "data-testid": "device-findings" });
    this.#video = h("video", { autoplay: true, playsinline: true, tabindex: -1, hidden: true, "aria-label": msg("test.preview") });
    this.#video.muted = true;
    this.body = h("div", { class: "test-devices" });
    this.button = h("button", {
      type: "button", class: "secondary", "data-testid": "check-devices", on: { click: () => this.#start() },
    }, msg("test.devices-start"));
    this.section = h("section", { "aria-labelledby": "test-devices" },
      h("h2", { id: "test-devices" }, msg("test.devices")),
      h("p", { class: "hint" }, msg("test.devices-lead")), this.button, this.body, this.list);
  }

  end() {
    this.#ending.abort();
    this.#meter?.close();
    this.#media.closeAll();
  }

  async #start() {
    const { signal } = this.#ending;
    this.button.disabled = true;
    const fields = Object.assign(h("device-fields"), { media: this.#media });
    const answer = (what) => () => {
      this.results.speaker = what;
      this.#changed();
    };
    this.body.replaceChildren(this.#video, fields, h("div", { class: "actions" },
      h("button", { type: "button", class: "secondary compact", "data-testid": "heard", on: { click: answer("heard") } },
        msg("test.heard")),
      h("button", { type: "button", class: "secondary compact", "data-testid": "unheard", on: { click: answer("unheard") } },
        msg("test.unheard"))));
    this.#media.addEventListener("change", () => this.#look(), { signal });
    await this.#media.open(["microphone", "camera"]);
    this.#look();
  }

  #look() {
    const { tracks, errors, asking } = this.#media;
    if (asking) return;
    for (const kind of ["microphone", "camera"]) {
      const track = tracks[kind];
      if (!track && !errors[kind]) continue;
      const isSame = this.results[kind]?.track === track && track !== null;
      if (!isSame) this.results[kind] = track ? { track, label: track.label, isSilent: kind === "microphone" } : { track, error: errors[kind] };
    }
    this.#video.hidden = !tracks.camera;
    if (tracks.camera && this.#video.srcObject?.getVideoTracks()[0] !== tracks.camera) {
      this.#video.srcObject = new MediaStream([tracks.camera]);
    }
    this.#listen(tracks.microphone);
    this.#changed();
  }

  #listen(track) {
    if (this.#meter?.track === track) return;
    this.#meter?.close();
    this.#meter = track && new Meter(track, (level) => {
      const found = this.results.microphone;
      if (level < audible || !found?.isSilent) return;
      found.isSilent = false;
      this.#changed();
    });
  }
}
