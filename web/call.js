// One RTCPeerConnection. The browser always offers; what is received arrives in slots (docs/signaling.md).
//
// Events: "state" (connectionState or stalled changed), "slots" (media of participants changed).

const audioSlots = 6;
const videoSlots = 9;
const cameraLayers = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
const answerLimit = 10_000;

/** @typedef {"microphone" | "camera" | "screen" | "screen-audio"} Source */

export class Call extends EventTarget {
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #senders = new Map();
  /** @type {Map<string, {userId: string, source: Source}>} */
  #slots = new Map();
  #streams = new Map();
  #negotiate;
  #queue = Promise.resolve();
  #pendingAnswer = null;
  #watch = null;
  #lastReceived = 0;
  #silentFor = 0;
  #closed = false;
  /** Set by the meeting: true while somebody else's microphone is on, so packets must arrive. */
  expectsSound = false;

  /** @param {(payload: {sdp: string, sources: object[]}) => boolean} negotiate sends a new offer */
  constructor(negotiate) {
    super();
    this.#negotiate = negotiate;
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc.addEventListener("connectionstatechange", () => this.#emit("state"));
    this.stalled = false;
  }

  /** The first offer, with all receive slots. `tracks` may lack any of them. */
  async begin(tracks) {
    const microphone = this.pc.addTransceiver("audio", { direction: "sendonly" });
    const camera = this.pc.addTransceiver("video", { direction: "sendonly", sendEncodings: cameraLayers });
    preferVP8(camera);
    this.#senders.set("microphone", microphone);
    this.#senders.set("camera", camera);
    for (const source of ["screen", "screen-audio"]) await this.setTrack(source, tracks[source] ?? null);
    for (let index = 0; index < audioSlots; index += 1) {
      this.pc.addTransceiver("audio", { direction: "recvonly" });
    }
    for (let index = 0; index < videoSlots; index += 1) {
      preferVP8(this.pc.addTransceiver("video", { direction: "recvonly" }));
    }
    await microphone.sender.replaceTrack(tracks.microphone ?? null);
    await camera.sender.replaceTrack(tracks.camera ?? null);
    return this.#offer();
  }

  /** Takes the answer to the first offer. */
  async accept(sdp) {
    if (!sdp || this.#closed) return;
    await this.pc.setRemoteDescription({ type: "answer", sdp });
    this.#watch ??= setInterval(() => this.#measure(), 1000);
  }

  /** Sends another track (or none) as one of the sources; a first screen share needs a new offer. */
  async setTrack(source, track) {
    if (this.#closed) return;
    const known = this.#senders.get(source);
    if (known) {
      // Closing the call in the meantime is no fault.
      await known.sender.replaceTrack(track).catch((error) => this.#closed || console.warn("no track set", error));
      return;
    }
    if (!track) return;
    const transceiver = this.pc.addTransceiver(track, {
      direction: "sendonly",
      sendEncodings: track.kind === "video" ? [{ maxBitrate: 2_500_000 }] : undefined,
    });
    if (track.kind === "video") preferVP8(transceiver);
    this.#senders.set(source, transceiver);
  }

  /** True where a source was added that the server has not been offered yet. */
  get needsOffer() {
    return [...this.#senders.values()].some((transceiver) => transceiver.mid === null);
  }

  /** Offers anew, one offer at a time. */
  renegotiate({ restartIce = false } = {}) {
    const step = async () => {
      if (this.#closed || this.pc.remoteDescription === null) return;
      if (!restartIce && !this.needsOffer) return;
      if (restartIce) this.pc.restartIce();
      const payload = await this.#offer();
      const answer = this.#awaitAnswer();
      this.#negotiate(payload);
      const sdp = await answer;
      if (this.#closed) return;
      if (sdp) await this.pc.setRemoteDescription({ type: "answer", sdp });
      else if (this.pc.signalingState === "have-local-offer") {
        await this.pc.setLocalDescription({ type: "rollback" });
      }
    };
    this.#queue = this.#queue.then(step).catch((error) => console.warn("negotiation failed", error));
    return this.#queue;
  }

  /** The server's answer to `renegotiate`, or null where it refused. */
  answered(sdp) {
    this.#pendingAnswer?.(sdp);
  }

  /** After a resumed connection: an offer that may have been lost is sent again. */
  repeatOffer() {
    if (this.#pendingAnswer && this.pc.localDescription) {
      this.#negotiate({ sdp: this.pc.localDescription.sdp, sources: this.#sources() });
    }
  }

  /** The whole mapping of receive slots. */
  setSlots(slots) {
    this.#slots = new Map(slots.map(({ mid, userId, source }) => [String(mid), { userId, source }]));
    this.#emit("slots");
  }

  /** What is received now: one entry per filled slot. */
  get received() {
    return [...this.#slots].flatMap(([mid, { userId, source }]) => {
      const stream = this.#stream(mid);
      return stream ? [{ mid, userId, source, stream }] : [];
    });
  }

  close() {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#pendingAnswer?.(null);
    this.pc.close();
  }

  async #offer() {
    await this.pc.setLocalDescription();
    return { sdp: this.pc.localDescription.sdp, sources: this.#sources() };
  }

  #sources() {
    return [...this.#senders].map(([source, { mid }]) => ({ mid, source }));
  }

  #awaitAnswer() {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#pendingAnswer?.(null), answerLimit);
      this.#pendingAnswer = (sdp) => {
        clearTimeout(timer);
        this.#pendingAnswer = null;
        resolve(sdp);
      };
    });
  }

  #stream(mid) {
    const transceiver = this.pc.getTransceivers().find((candidate) => candidate.mid === mid);
    if (!transceiver) return null;
    let stream = this.#streams.get(mid);
    if (!stream) this.#streams.set(mid, (stream = new MediaStream([transceiver.receiver.track])));
    return stream;
  }

  /** Browsers say "disconnected" after 7 s; the packet counter shows it after two. */
  // What arrives on the path itself counts, not only sound: somebody else who claims to speak, or whose own network is
  // gone, is no outage of ours. Who sends gets a report from the server every moment; who only listens hears of it
  // at least every six seconds.
  async #measure() {
    if (this.pc.connectionState !== "connected") return this.#setStalled(false);
    let received = 0;
    const reports = await this.pc.getStats().catch(() => new Map());
    for (const report of reports.values()) {
      if (report.type === "inbound-rtp") received += report.packetsReceived ?? 0;
      if (report.type === "candidate-pair") {
        received += (report.bytesReceived ?? 0) + (report.responsesReceived ?? 0) + (report.requestsReceived ?? 0);
      }
    }
    const sends = [...this.#senders.values()].some(({ sender }) => sender.track);
    const expects = sends || this.expectsSound;
    this.#silentFor = received === this.#lastReceived && expects ? this.#silentFor + 1 : 0;
    this.#lastReceived = received;
    this.#setStalled(this.#silentFor >= (sends ? 2 : 7));
  }

  #setStalled(stalled) {
    if (this.pc.connectionState !== "connected") this.#silentFor = 0;
    if (this.stalled === stalled) return;
    this.stalled = stalled;
    this.#emit("state");
  }

  #emit(type) {
    if (!this.#closed) this.dispatchEvent(new Event(type));
  }
}

/** VP8 is the one codec whose simulcast both engines do well. */
function preferVP8(transceiver) {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const isVP8 = ({ mimeType }) => mimeType.toLowerCase() === "video/vp8";
  try {
    transceiver.setCodecPreferences([...codecs.filter(isVP8), ...codecs.filter((codec) => !isVP8(codec))]);
  } catch {
    // The browser's own order works as well.
  }
}
