// <join-page>: name, mirror, devices; then into the room. Needs `meeting` and `media`.

import { h, setText } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { browserFamily } from "../../media.js";
import { preferences } from "../../preferences.js";
import { paint } from "../avatar.js";
import { setTool, toolButton } from "../buttons.js";
import { Component } from "../component.js";
import "../device-fields/device-fields.js";
import "../page-header/page-header.js";

customElements.define("join-page", class extends Component {
  build(signal) {
    const { meeting, media } = this;
    const { room, refusal } = meeting.store.state;
    this.wanted = {
      microphone: preferences.get("microphone-on") ?? true,
      camera: preferences.get("camera-on") ?? true,
    };
    const devices = h("device-fields");
    devices.media = media;
    this.field = nameField();
    this.append(
      h("page-header"),
      h("main", { class: "join" },
        h("section", { class: "join-mirror", "aria-label": msg("join.preview") }, this.#mirror(signal), devices),
        h("section", { class: "join-form" },
          h("h1", {}, msg("join.title")),
          h("p", { class: "room-name", "data-testid": "room-name" }, room),
          this.#problems(signal),
          h("form", { on: { submit: (event) => this.#join(event) } },
            h("label", { for: "join-name" }, msg("join.name")),
            this.field,
            this.#actions(signal))),
      ),
    );
    if (refusal) this.querySelector("[data-testid=refusal]").focus?.();
    const wanted = Object.keys(this.wanted).filter((kind) => this.wanted[kind]);
    media.open(wanted).then(() => {
      media.setEnabled(this.wanted.microphone);
      if (!signal.aborted) meeting.warm();
    });
    signal.addEventListener("abort", () => meeting.cool());
    if (!this.field.value && matchMedia("(pointer: fine)").matches) this.field.focus();
  }

  #mirror(signal) {
    const { media } = this;
    const video = h("video", { autoplay: true, playsinline: true, tabindex: -1, "data-testid": "preview" });
    video.muted = true;
    const face = h("span", { class: "avatar", "aria-hidden": "true" });
    const note = h("p", { class: "mirror-note" });
    const microphone = toolButton({
      icon: "microphone", label: msg("control.mute"), testid: "preview-microphone", class: "round",
      onClick: () => this.#toggle("microphone"),
    });
    const camera = toolButton({
      icon: "camera", label: msg("control.camera-stop"), testid: "preview-camera", class: "round",
      onClick: () => this.#toggle("camera"),
    });
    const tools = h("div", { class: "mirror-tools" }, microphone, camera);
    const mirror = h("div", { class: "mirror" }, video, face, note, tools);
    let shown = null;
    const refresh = () => {
      const track = media.tracks.camera;
      if (track !== shown) video.srcObject = track ? new MediaStream([track]) : null;
      shown = track;
      mirror.dataset.state = track ? "video" : "avatar";
      paint(face, this.field.value);
      setText(note, track ? "" : msg(mirrorNote(media)));
      const heard = Boolean(media.tracks.microphone) && this.wanted.microphone;
      setTool(microphone, {
        icon: heard ? "microphone" : "microphone-off", state: heard ? "on" : "off",
        label: msg(heard ? "control.mute" : "control.unmute"),
      });
      setTool(camera, {
        icon: track ? "camera" : "camera-off", state: track ? "on" : "off",
        label: msg(track ? "control.camera-stop" : "control.camera-start"),
      });
    };
    media.addEventListener("change", refresh, { signal });
    this.field.addEventListener("input", refresh, { signal });
    refresh();
    return mirror;
  }

  async #toggle(kind) {
    const { media } = this;
    const on = !(this.wanted[kind] && media.tracks[kind]);
    this.wanted[kind] = on;
    preferences.set(`${kind}-on`, on);
    if (on) await media.open([kind]);
    else if (kind === "camera") media.close("camera");
    media.setEnabled(this.wanted.microphone);
    media.dispatchEvent(new CustomEvent("change"));
  }

  /** One plain sentence for each thing that does not work, and what to do about it. */
  #problems(signal) {
    const { media, meeting } = this;
    const box = h("div", { class: "problems", role: "status", "data-testid": "problems" });
    const refresh = () => {
      const lines = [];
      const { refusal, link, phase } = meeting.store.state;
      if (refusal) lines.push(["refused", msg(`refused.${refusal}`)]);
      if (phase === "joining" && link === "connecting") lines.push(["connecting", msg("join.connecting")]);
      if (!media.callsSupported) lines.push(["unsupported", msg("device.unsupported")]);
      const { microphone, camera } = media.errors;
      if (microphone === "insecure") lines.push(["insecure", msg("device.insecure", { origin: location.host })]);
      else if (microphone && microphone === camera) {
        lines.push([microphone, msg(`device.both.${microphone}`)]);
      } else {
        if (microphone) lines.push([microphone, msg(`device.microphone.${microphone}`)]);
        if (camera) lines.push([camera, msg(`device.camera.${camera}`)]);
      }
      if ([microphone, camera].includes("denied")) lines.push(["help", msg(`help.permission.${browserFamily()}`)]);
      box.replaceChildren(...lines.map(([kind, text]) => h("p", { "data-problem": kind }, text)));
      box.hidden = lines.length === 0;
    };
    media.addEventListener("change", refresh, { signal });
    meeting.store.watch(["refusal", "link", "phase"], refresh, signal);
    return box;
  }

  #actions(signal) {
    const join = h("button", { class: "primary", "data-testid": "join" }, h("span", {}, msg("join.join")));
    const listen = h("button", {
      class: "quiet", value: "listen", "data-testid": "join-listen", title: msg("join.listen-hint"),
    }, icon("headphones"), h("span", {}, msg("join.listen")));
    this.meeting.store.watch(["phase"], ({ phase }) => {
      const busy = phase === "joining";
      join.disabled = listen.disabled = busy;
      setText(join.firstElementChild, msg(busy ? "join.joining" : "join.join"));
    }, signal);
    return h("div", { class: "actions" }, join, listen);
  }

  #join(event) {
    event.preventDefault();
    const name = this.field.value.trim();
    if (!name) return this.field.focus();
    preferences.set("name", name);
    const listens = event.submitter?.value === "listen";
    if (listens) this.media.closeAll();
    this.meeting.join(name, {
      microphone: !listens && this.wanted.microphone, camera: !listens && Boolean(this.media.tracks.camera),
    });
    return undefined;
  }
});

function nameField() {
  return h("input", {
    id: "join-name", name: "name", required: true, maxlength: 64, autocomplete: "name", spellcheck: "false",
    placeholder: msg("join.name-placeholder"), value: preferences.get("name") ?? "", "data-testid": "name",
  });
}

function mirrorNote(media) {
  if (media.asking) return "join.asking";
  return media.errors.camera === "missing" ? "join.no-camera" : "join.camera-off";
}
