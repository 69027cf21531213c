// One thing that is sent: its track, and its encodings as the codec, the server and this computer's strength ask for.

import {
  cameraEncodings, cameraLayers, chosenCodec, everything, nothing, screenEncodings, screenLayers, sendsLayersInOne, sizesFor,
  temporalModes,
} from "./encodings.js";

const mostTries = 6;
const firstPause = 15;
/** A screen may stutter, but is to be read. */
const sharp = "maintain-resolution";

export class Sending {
  /** The codec that the last answer chose. @type {import("./encodings.js").Codec | null} */
  codec = null;
  #source;
  #demand = everything;
  #ease = 0;
  #isStale = false;
  #running = null;

  /** @param {RTCRtpTransceiver} transceiver @param {import("./call.js").Source} source */
  constructor(transceiver, source) {
    this.transceiver = transceiver;
    this.#source = source;
    /** Null where the browser knows no layers in time, as Firefox. */
    this.temporalMode = transceiver.sender.getParameters().encodings?.[0]?.scalabilityMode ?? null;
  }

  /** Adds a source to a connection. `codec` is preferred, then VP8: the one whose layers both engines do well. */
  static add(pc, source, track, codec) {
    const kind = source === "microphone" || source === "screen-audio" ? "audio" : "video";
    const of = track ?? kind;
    if (kind === "audio") return new Sending(pc.addTransceiver(of, { direction: "sendonly" }), source);
    const transceiver = addVideo(pc, of, source === "camera" ? cameraLayers : screenLayers);
    preferCodec(transceiver, codec);
    return new Sending(transceiver, source);
  }

  get mid() {
    return this.transceiver.mid;
  }

  get track() {
    return this.transceiver.sender.track;
  }

  /** What the server wants of it now; in force within a few milliseconds. @param {import("./encodings.js").Demand} demand */
  want(demand) {
    this.#demand = demand;
    return this.#refresh();
  }

  /** Sends less, for the sake of a slow computer. @param {number} step 0 to `mostEase` */
  ease(step) {
    this.#ease = step;
    return this.#refresh();
  }

  setTrack(track) {
    return this.transceiver.sender.replaceTrack(track).then(() => void this.#refresh());
  }

  /** After every answer. */
  negotiated(sdp) {
    if (this.mid !== null) this.codec = chosenCodec(sdp, this.mid) ?? this.codec;
    return this.#refresh();
  }

  /** Firefox sends all sizes of any picture. */
  get #sizes() {
    const { width, height } = this.track?.getSettings?.() ?? {};
    return this.temporalMode === null ? cameraLayers.length : sizesFor(width * height);
  }

  /** One change at a time: parameters that were read before another change are refused. */
  #refresh() {
    if (this.#source === "microphone" || this.#source === "screen-audio") return Promise.resolve();
    this.#isStale = true;
    this.#running ??= this.#apply();
    return this.#running;
  }

  async #apply() {
    await null;
    try {
      for (let tries = 0; this.#isStale && tries < mostTries; tries += 1) {
        this.#isStale = false;
        if (await this.#set(tries)) tries = -1;
      }
    } finally {
      // Nothing comes between the last look and this: whoever wants something now starts it again.
      this.#running = null;
    }
  }

  /** @returns {Promise<boolean>} whether something was set */
  async #set(tries) {
    const { sender } = this.transceiver;
    const parameters = sender.getParameters();
    if (!this.#write(parameters)) return false;
    try {
      await sender.setParameters(parameters);
      return true;
    } catch (error) {
      // The call is over.
      if (this.transceiver.direction === "stopped" || sender.transport?.state === "closed") return false;
      // An answer or another track came in between; or this codec has no such mode.
      if (tries === mostTries - 1) console.warn(`${this.#source} is sent as before`, error);
      if (tries >= 1 && error.name !== "InvalidStateError") this.temporalMode = null;
      this.#isStale = true;
      await new Promise((resolve) => setTimeout(resolve, firstPause * 2 ** tries));
      return false;
    }
  }

  /** @returns {boolean} whether anything is different now */
  #write(parameters) {
    const { temporalMode } = this;
    // Without a track nothing is sent, but Firefox would keep bandwidth for it.
    const given = { demand: this.track ? this.#demand : nothing, ease: this.#ease, temporalMode };
    const isCamera = this.#source === "camera";
    const wanted = isCamera ? cameraEncodings({
      ...given, isLayered: sendsLayersInOne(this.codec, temporalMode), sizes: this.#sizes,
    }) : screenEncodings(given);
    if (parameters.encodings?.length !== wanted.length) return false;
    let differs = false;
    parameters.encodings.forEach((encoding, index) => {
      for (const [name, value] of Object.entries(wanted[index])) {
        if (value === null || encoding[name] === value) continue;
        encoding[name] = value;
        differs = true;
      }
    });
    if (isCamera || this.codec === null || parameters.degradationPreference === sharp) return differs;
    parameters.degradationPreference = sharp;
    // Firefox forgets it at once: it is no reason to set everything again.
    return differs || temporalMode !== null;
  }
}

/** With layers in time where the browser takes them. */
function addVideo(pc, of, layers) {
  for (const scalabilityMode of temporalModes) {
    try {
      return pc.addTransceiver(of, {
        direction: "sendonly", sendEncodings: layers.map((layer) => ({ ...layer, scalabilityMode })),
      });
    } catch {
      // Not this mode.
    }
  }
  return pc.addTransceiver(of, { direction: "sendonly", sendEncodings: layers });
}

/** Puts one codec, and then VP8, before the browser's own order. */
export function preferCodec(transceiver, codec = "vp8") {
  const known = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!known || !transceiver.setCodecPreferences) return;
  const place = ({ mimeType }) => {
    const name = mimeType.toLowerCase();
    if (name === `video/${codec}`) return 0;
    return name === "video/vp8" ? 1 : 2;
  };
  try {
    transceiver.setCodecPreferences([...known].sort((a, b) => place(a) - place(b)));
  } catch {
    // The browser's own order works as well.
  }
}
