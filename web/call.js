// One RTCPeerConnection. The browser always offers; what is received arrives in slots (docs/signaling.md).
//
// Events: "state" (connectionState, stalled or unheard changed), "progress" (of the search for a path: a candidate was
// found), "slots" (media of participants changed), "statistics" {reports}: what the browser counted, once a second.

import { withSoundRepair } from "./offer.js";
import { relaysBeside } from "./relays.js";
import { preferCodec, Sending } from "./sending.js";
import { usedPair } from "./statistics.js";

const audioSlots = 6;
const videoSlots = 9;
const answerLimit = 10_000;

/** @typedef {"microphone" | "camera" | "screen" | "screen-audio"} Source */

export class Call extends EventTarget {
  /** @type {Map<Source, Sending>} */
  #senders = new Map();
  /** What the server wants of each source; it may say so before there is one. */
  #demands = new Map();
  #ease = 0;
  #codec;
  /** @type {Map<string, {userId: string, source: Source, state: string}>} */
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
  /** Set by the meeting: relays that are asked from the next restart of ICE on. @type {RTCIceServer[]} */
  servers = [];

  /**
   * @param {(payload: {sdp: string, sources: object[]}) => boolean} negotiate sends a new offer
   * @param {import("./encodings.js").Codec} [codec] to be preferred
   */
  constructor(negotiate, codec) {
    super();
    this.#negotiate = negotiate;
    this.#codec = codec;
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    for (const type of ["connectionstatechange", "iceconnectionstatechange"]) {
      this.pc.addEventListener(type, () => this.#emit("state"));
    }
    this.pc.addEventListener("icecandidate", ({ candidate }) => candidate && this.#emit("progress"));
    /** True where nothing comes. */
    this.stalled = false;
    /** True where the server hears nothing of us. */
    this.unheard = false;
  }

  /** The first offer, with all receive slots. `tracks` may lack any of them. */
  async begin(tracks) {
    const microphone = this.#add("microphone", null);
    const camera = this.#add("camera", null);
    for (const source of ["screen", "screen-audio"]) await this.setTrack(source, tracks[source] ?? null);
    for (let index = 0; index < audioSlots; index += 1) {
      this.pc.addTransceiver("audio", { direction: "recvonly" });
    }
    for (let index = 0; index < videoSlots; index += 1) {
      preferCodec(this.pc.addTransceiver("video", { direction: "recvonly" }), this.#codec);
    }
    await microphone.setTrack(tracks.microphone ?? null);
    await camera.setTrack(tracks.camera ?? null);
    return this.#offer();
  }

  /** Takes the answer to the first offer. */
  async accept(sdp) {
    if (!sdp || this.#closed) return;
    await this.#answer(sdp);
    this.#watch ??= setInterval(() => this.#measure(), 1000);
  }

  /** Sends another track (or none) as one of the sources; a first screen share needs a new offer. */
  async setTrack(source, track) {
    if (this.#closed) return;
    const known = this.#senders.get(source);
    if (known) {
      // Closing the call in the meantime is no fault.
      await known.setTrack(track).catch((error) => this.#closed || console.warn("no track set", error));
      return;
    }
    if (track) this.#add(source, track);
  }

  /** What the server wants sent of a source, at once. @param {import("./encodings.js").Demand} demand */
  setDemand(source, demand) {
    this.#demands.set(source, demand);
    this.#senders.get(source)?.want(demand);
  }

  /** Sends smaller pictures of the camera, for the sake of a slow computer. */
  ease(step) {
    this.#ease = step;
    this.#senders.get("camera")?.ease(step);
  }

  /** What the server says of the path. */
  setHeard(heard) {
    if (this.unheard === !heard) return;
    this.unheard = !heard;
    this.#emit("state");
  }

  /** Takes relays with credentials that last longer. Who comes by one moves before the old ones run out. */
  async renew(servers) {
    this.servers = servers;
    if (await this.#isRelayed()) await this.renegotiate({ restartIce: true });
  }

  /** True where a source was added that the server has not been offered yet. */
  get needsOffer() {
    return [...this.#senders.values()].some(({ mid }) => mid === null);
  }

  /** Offers anew, one offer at a time. */
  renegotiate({ restartIce = false } = {}) {
    const step = async () => {
      if (this.#closed || this.pc.remoteDescription === null) return;
      if (!restartIce && !this.needsOffer) return;
      if (restartIce) this.#restartIce();
      const payload = await this.#offer();
      const answer = this.#awaitAnswer();
      this.#negotiate(payload);
      const sdp = await answer;
      if (this.#closed) return;
      if (sdp) await this.#answer(sdp);
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
    this.#slots = new Map(slots.map(({ mid, userId, source, state = "live" }) => [String(mid), { userId, source, state }]));
    for (const { mid, delay = null } of slots) this.#hold(String(mid), delay);
    this.#emit("slots");
  }

  /** Sound that is lost and comes again comes late: the server knows how much, players would not wait for it. */
  #hold(mid, delay) {
    const receiver = this.pc.getTransceivers().find((candidate) => candidate.mid === mid)?.receiver;
    if (receiver?.track.kind !== "audio" || !("jitterBufferTarget" in receiver)) return;
    if (receiver.jitterBufferTarget === delay) return;
    try {
      receiver.jitterBufferTarget = delay;
    } catch (error) {
      console.warn("sound is held as before", error);
    }
  }

  /** What is received now: one entry per filled slot. */
  get received() {
    return [...this.#slots].flatMap(([mid, slot]) => {
      const stream = this.#stream(mid);
      return stream ? [{ mid, ...slot, stream }] : [];
    });
  }

  close() {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#pendingAnswer?.(null);
    this.pc.close();
  }

  /** The m-sections of what is sent, by source. */
  get sentMids() {
    return new Map([...this.#senders].map(([source, { mid }]) => [mid, source]));
  }

  #add(source, track) {
    const sending = Sending.add(this.pc, source, track, this.#codec);
    this.#senders.set(source, sending);
    if (source === "camera") sending.ease(this.#ease);
    if (this.#demands.has(source)) sending.want(this.#demands.get(source));
    return sending;
  }

  async #answer(sdp) {
    await this.pc.setRemoteDescription({ type: "answer", sdp });
    for (const sending of this.#senders.values()) sending.negotiated(sdp);
  }

  async #offer() {
    await this.#describe();
    return { sdp: this.pc.localDescription.sdp, sources: this.#sources() };
  }

  /** With the wish to repeat lost sound, which browsers understand but do not utter. */
  async #describe() {
    const { sdp } = await this.pc.createOffer();
    try {
      await this.pc.setLocalDescription({ type: "offer", sdp: withSoundRepair(sdp) });
    } catch {
      await this.pc.setLocalDescription();
    }
  }

  async #isRelayed() {
    const reports = await this.pc.getStats().catch(() => new Map());
    const pair = usedPair(reports);
    return reports.get(pair?.localCandidateId)?.candidateType === "relay";
  }

  /** Not earlier: Chromium restarts ICE with whatever offer comes after other servers were named. */
  #restartIce() {
    try {
      const iceServers = relaysBeside(this.pc.remoteDescription.sdp, this.servers);
      this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
    } catch (error) {
      console.warn("no relays are asked", error);
    }
    this.pc.restartIce();
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
    this.#emit("statistics", { reports, at: performance.now() });
    for (const report of reports.values()) {
      if (report.type === "inbound-rtp") received += report.packetsReceived ?? 0;
    }
    // Ways kept in reserve may be alive while the one in use is dead.
    const pair = usedPair(reports);
    received += (pair?.bytesReceived ?? 0) + (pair?.responsesReceived ?? 0) + (pair?.requestsReceived ?? 0);
    const sends = [...this.#senders.values()].some(({ track }) => track);
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

  #emit(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
