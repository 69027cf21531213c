// The devices of this computer: choosing, opening, losing and replacing camera and microphone; the screen.
//
// Events: "change" (tracks, errors or devices), "track" {source, track}, "switched" {kind, label}, "lost" {kind},
// "kept" {kind, label}: the device that was chosen could not be opened, the one before is in use.

import { preferences } from "./preferences.js";

/** @typedef {"microphone" | "camera"} DeviceKind */
/** @typedef {"denied" | "missing" | "busy" | "insecure" | "failed"} DeviceError */

const inputKinds = { microphone: "audioinput", camera: "videoinput" };

export class LocalMedia extends EventTarget {
  /** @type {Record<DeviceKind, MediaStreamTrack | null>} */
  tracks = { microphone: null, camera: null };
  /** @type {Record<DeviceKind, DeviceError | null>} */
  errors = { microphone: null, camera: null };
  /** @type {{screen: MediaStreamTrack | null, "screen-audio": MediaStreamTrack | null}} */
  screen = { screen: null, "screen-audio": null };
  /** @type {Record<DeviceKind | "speaker", MediaDeviceInfo[]>} */
  devices = { microphone: [], camera: [], speaker: [] };
  /** True while the browser asks the person. */
  asking = false;
  /** Counts how often everything was given back: what the browser hands out after that is not wanted any more. */
  #stay = 0;

  /** Remembered device ids. */
  chosen = {
    microphone: preferences.get("microphone"),
    camera: preferences.get("camera"),
    speaker: preferences.get("speaker"),
  };

  constructor() {
    super();
    this.callsSupported = Boolean(globalThis.RTCPeerConnection);
    this.supported = Boolean(navigator.mediaDevices?.getUserMedia);
    this.screenSupported = Boolean(navigator.mediaDevices?.getDisplayMedia);
    this.speakerSupported = "setSinkId" in HTMLMediaElement.prototype;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#devicesChanged());
  }

  /** Asks for what is wanted with one prompt, and separately where one of two fails. */
  async open(wanted) {
    if (!this.supported) {
      this.errors = { microphone: "insecure", camera: "insecure" };
      this.#emit("change");
      return;
    }
    const stay = this.#stay;
    this.asking = true;
    this.#emit("change");
    await this.refresh();
    if (stay !== this.#stay) return;
    const kinds = wanted.filter((kind) => !this.tracks[kind]);
    const present = kinds.filter((kind) => this.devices[kind].length > 0);
    if (present.length > 0 && !(await this.#acquire(present)) && present.length > 1 && stay === this.#stay) {
      for (const kind of present) await this.#acquire([kind]);
    }
    // Nobody is asked about a device that is not listed, but the answer tells missing from forbidden.
    for (const kind of kinds) if (!present.includes(kind) && stay === this.#stay) await this.#acquire([kind]);
    if (stay !== this.#stay) return;
    this.asking = false;
    await this.refresh();
  }

  /** Stops a device; its light goes out. */
  close(kind) {
    this.#adopt(kind, null);
    this.#emit("change");
  }

  /** Silences or opens the microphone without giving the device back. */
  setEnabled(enabled) {
    if (this.tracks.microphone) this.tracks.microphone.enabled = enabled;
  }

  /** Uses another device from now on, and next time. Where it cannot be opened, the one before stays in use. */
  async select(kind, deviceId) {
    const before = this.chosen[kind];
    const stay = this.#stay;
    this.#choose(kind, deviceId);
    if (kind === "speaker" || !this.tracks[kind]) return this.#emit("change");
    // Phones open a second camera only after the first one is closed.
    if (kind === "camera") this.tracks.camera.stop();
    if (!(await this.#acquire([kind])) && stay === this.#stay && this.chosen[kind] === deviceId) {
      this.#choose(kind, before);
      await this.#goBack(kind);
    }
    return this.#emit("change");
  }

  /** The device in use, as the browser names it. */
  current(kind) {
    return this.tracks[kind]?.getSettings?.().deviceId ?? this.chosen[kind];
  }

  /** Reads the list of devices again. */
  async refresh() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const of = (kind) => all.filter((device) => device.kind === kind);
    this.devices = { microphone: of("audioinput"), camera: of("videoinput"), speaker: of("audiooutput") };
    this.#emit("change");
  }

  /** Lets the person choose a screen, window or tab. @returns {Promise<boolean>} */
  async openScreen() {
    const stay = this.#stay;
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 30 } },
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    if (stay !== this.#stay) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    const [video] = stream.getVideoTracks();
    const [audio = null] = stream.getAudioTracks();
    video.contentHint = "detail";
    if (audio) audio.contentHint = "music";
    video.onended = () => this.screen.screen === video && this.closeScreen();
    this.screen = { screen: video, "screen-audio": audio };
    this.#emitTrack("screen", video);
    this.#emitTrack("screen-audio", audio);
    this.#emit("change");
    return true;
  }

  closeScreen() {
    for (const track of Object.values(this.screen)) track?.stop();
    this.screen = { screen: null, "screen-audio": null };
    this.#emitTrack("screen", null);
    this.#emitTrack("screen-audio", null);
    this.#emit("change");
  }

  /** Gives every device back, also those that the browser has not handed out yet. */
  closeAll() {
    this.#stay += 1;
    this.asking = false;
    for (const kind of ["microphone", "camera"]) this.#adopt(kind, null);
    if (this.screen.screen) this.closeScreen();
    this.#emit("change");
  }

  #choose(kind, deviceId) {
    this.chosen[kind] = deviceId;
    preferences.set(kind, deviceId);
  }

  /** The device from before; nothing that stands still is shown as live. */
  async #goBack(kind) {
    const track = this.tracks[kind];
    if (track?.readyState === "live") return this.#emit("kept", { kind, label: track.label });
    const error = this.errors[kind];
    if (await this.#acquire([kind])) return this.#emit("kept", { kind, label: this.tracks[kind].label });
    this.errors[kind] = error;
    this.#adopt(kind, null);
    return this.#emit("lost", { kind });
  }

  async #acquire(kinds) {
    const stay = this.#stay;
    try {
      const stream = await this.#capture(kinds);
      if (stay !== this.#stay) {
        for (const track of stream.getTracks()) track.stop();
        return false;
      }
      for (const kind of kinds) {
        const [track] = kind === "camera" ? stream.getVideoTracks() : stream.getAudioTracks();
        this.errors[kind] = null;
        this.#adopt(kind, track);
      }
      return true;
    } catch (error) {
      if (stay === this.#stay) for (const kind of kinds) this.errors[kind] = reason(error);
      return false;
    }
  }

  /** The chosen devices; where one of them is gone, what there is. Browsers take a mere wish for a device lightly. */
  async #capture(kinds) {
    const ask = (strictness) => navigator.mediaDevices.getUserMedia({
      audio: kinds.includes("microphone") && this.#audioConstraints(strictness),
      video: kinds.includes("camera") && this.#videoConstraints(strictness),
    });
    try {
      return await ask("exact");
    } catch (error) {
      const isAbsent = ["OverconstrainedError", "NotFoundError"].includes(error?.name);
      if (!isAbsent || !kinds.some((kind) => this.chosen[kind])) throw error;
      return ask("ideal");
    }
  }

  #audioConstraints(strictness) {
    return {
      deviceId: device(this.chosen.microphone, strictness),
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
    };
  }

  #videoConstraints(strictness) {
    return {
      deviceId: device(this.chosen.camera, strictness),
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
    };
  }

  #adopt(kind, track) {
    const old = this.tracks[kind];
    if (old === track) return;
    if (track && old) track.enabled = old.enabled;
    this.tracks[kind] = track;
    old?.stop();
    if (track) {
      track.contentHint = kind === "camera" ? "motion" : "speech";
      // As a property: Firefox does not call listeners added to a track.
      track.onended = () => this.tracks[kind] === track && this.#replaceLost(kind);
    }
    this.#emitTrack(kind, track);
  }

  /** A device was unplugged or taken away: the next one takes over. */
  async #replaceLost(kind) {
    await this.refresh();
    const found = this.devices[kind].length > 0 && (await this.#acquire([kind]));
    if (found) {
      this.#emit("switched", { kind, label: this.tracks[kind].label });
    } else {
      if (this.devices[kind].length === 0) this.errors[kind] = "missing";
      this.#adopt(kind, null);
      this.#emit("lost", { kind });
    }
    this.#emit("change");
  }

  /** Plugging the preferred device in again brings it back. */
  async #devicesChanged() {
    await this.refresh();
    for (const kind of Object.keys(inputKinds)) {
      const chosen = this.chosen[kind];
      const isBack = this.devices[kind].some((device) => device.deviceId && device.deviceId === chosen);
      if (!this.tracks[kind] || !isBack || this.current(kind) === chosen) continue;
      if (await this.#acquire([kind])) this.#emit("switched", { kind, label: this.tracks[kind].label });
    }
    this.#emit("change");
  }

  #emitTrack(source, track) {
    this.#emit("track", { source, track });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const device = (id, strictness) => (id ? { [strictness]: id } : undefined);

/** @returns {DeviceError} */
function reason(error) {
  switch (error?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

/** Which browser's help to show. @returns {"firefox" | "safari" | "android" | "chromium"} */
export function browserFamily(agent = navigator.userAgent) {
  if (/Firefox|FxiOS/.test(agent)) return "firefox";
  if (/Android/.test(agent)) return "android";
  if (/Safari/.test(agent) && !/Chrom/.test(agent)) return "safari";
  return "chromium";
}
