// One stay in one room: joins signalling, call and devices together and keeps the store true.
//
// Store: phase, room, name, self, link, outage, participants, speakers, chat, unread, panel, pinned, local, received,
// quality (by participant), weak (one's own), statistics, easing, figures (whether they are shown).

import { bandwidthHint } from "./bandwidth.js";
import { CallWatch } from "./call-watch.js";
import { Call } from "./call.js";
import { Conversation } from "./conversation.js";
import { msg } from "./i18n.js";
import { LiveMedia } from "./live-media.js";
import { Notices } from "./notices.js";
import { Outage } from "./outage.js";
import { Signaling } from "./protocol.js";
import { taken } from "./quality.js";
import { Roster } from "./roster.js";
import { Store } from "./store.js";
import { Viewing } from "./viewing.js";

const returnTime = 15_000;
const warmTime = 120_000;

export class Meeting {
  #media;
  #signaling = null;
  #roster = new Roster();
  #ending = new AbortController();
  #outage = null;
  #conversation;
  #codec;
  /** @type {Viewing | null} */
  #viewing = null;
  /** @type {CallWatch | null} */
  #watch = null;
  #rejoinedAt = -Infinity;
  /** A call whose first offer is ready, made while the person looks into the mirror. */
  #warm = null;
  #live;
  #hasFigures = false;

  /** @param {{room: string, media: import("./media.js").LocalMedia, codec?: import("./encodings.js").Codec}} options */
  constructor({ room, media, codec }) {
    this.#media = media;
    this.#codec = codec;
    this.notices = new Notices();
    /** @type {Call | null} */
    this.call = null;
    this.store = new Store({
      phase: "lobby", room, name: "", self: null, link: "idle", outage: null, refusal: null,
      participants: [], speakers: [], received: [], chat: [], unread: 0, panel: null, pinned: null,
      local: { microphone: true, camera: true, screen: false },
      quality: {}, weak: null, statistics: null, easing: "0/0", figures: false,
    });
    this.#conversation = new Conversation(this.store, this.notices);
    this.#live = new LiveMedia(this.store, this.notices, media, (live) =>
      Boolean(this.#signaling?.send("update", { media: live })));
  }

  /** Makes the first offer in advance: joining then costs no more than the way to the server. */
  warm() {
    this.cool();
    if (!globalThis.RTCPeerConnection || this.store.state.phase !== "lobby") return;
    const call = this.#newCall();
    this.#warm = { call, offer: call.begin({}), madeAt: performance.now() };
    this.#warm.offer.catch(() => this.cool());
  }

  /** Gives up what `warm` made. */
  cool() {
    this.#warm?.call.close();
    this.#warm = null;
  }

  /** Enters the room. */
  join(name, { microphone, camera }) {
    const { signal } = (this.#ending = new AbortController());
    const { room } = this.store.state;
    this.#outage = new Outage(this.store, this.notices, () => this.call?.renegotiate({ restartIce: true }));
    const local = { microphone, camera, screen: false };
    this.store.update({ phase: "joining", name, outage: null, refusal: null, local });
    this.#viewing = new Viewing((tiles) => Boolean(this.#signaling?.send("view", { tiles })), signal);
    this.#watch = new CallWatch(this.store, this.notices, ({ receive, send }) => {
      this.#viewing.ease(receive);
      this.call?.ease(send);
    });
    this.store.watch(["speakers"], ({ speakers }) => this.#viewing.hear(speakers), signal);
    this.store.watch(["figures"], () => this.#askForFigures(), signal);
    this.#media.setEnabled(microphone);
    this.#signaling = new Signaling({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
      roomId: room,
      joinPayload: () => this.#prepare(),
    });
    const on = (type, handler) =>
      this.#signaling.addEventListener(type, ({ detail }) => handler(detail), { signal });
    on("link", ({ state }) => this.#linkChanged(state));
    on("joined", (detail) => this.#joined(detail));
    on("resumed", ({ payload }) => this.#resumed(payload));
    on("message", (message) => this.#receive(message));
    on("refused", ({ code }) => this.#finish("lobby", { refusal: code }));
    on("replaced", () => this.#finish("replaced"));
    this.#media.addEventListener("track", ({ detail }) => this.#trackChanged(detail), { signal });
    this.#live.begin(signal);
    addEventListener("online", () => this.#signaling.retryNow(), { signal });
    addEventListener("pagehide", () => this.#signaling.send("leave"), { signal });
    this.#signaling.connect();
  }

  /** Goes away and gives every device back. */
  leave() {
    this.#signaling?.leave();
    this.#media.closeAll();
    this.#finish("left");
  }

  toggleMicrophone() {
    return this.#live.toggleMicrophone();
  }

  toggleCamera() {
    return this.#live.toggleCamera();
  }

  toggleScreen() {
    return this.#live.toggleScreen();
  }

  /** @returns {boolean} false where it could not be sent; the reason is shown */
  sendChat(text) {
    return this.#conversation.say(text, (clean) => Boolean(this.#signaling?.send("chat", { text: clean })));
  }

  /** Opens "chat" or "people", closes what is open for the same name or null. */
  openPanel(panel) {
    const next = panel === this.store.state.panel ? null : panel;
    this.store.update({ panel: next, unread: next === "chat" ? 0 : this.store.state.unread });
  }

  /** Enlarges one tile ("id/source"), or none. */
  pin(key) {
    this.store.update({ pinned: this.store.state.pinned === key ? null : key });
  }

  /** Shows or hides the figures of the call. */
  toggleFigures() {
    this.store.update({ figures: !this.store.state.figures });
  }

  /** What stands on the page. @param {import("./viewing.js").Tile[]} tiles */
  setView(tiles) {
    this.#viewing?.place(tiles);
  }

  async #prepare() {
    this.call?.close();
    // A browser without calls still has the chat.
    if (!globalThis.RTCPeerConnection) return { name: this.store.state.name, media: this.#live.declare() };
    const offer = await (this.#warmOffer() ?? this.#freshOffer());
    // A device may have come or gone while the offer was made.
    for (const [source, track] of Object.entries(this.#media.tracks)) await this.call?.setTrack(source, track);
    this.#watch.begin();
    const media = this.#live.declare();
    return { name: this.store.state.name, media, bandwidth: bandwidthHint(), codec: this.#codec, ...offer };
  }

  #newCall() {
    const call = new Call((payload) => this.#signaling.send("negotiate", payload), this.#codec);
    call.addEventListener("state", () => this.#outage?.refresh(this.call));
    call.addEventListener("progress", () => call === this.call && this.#outage?.progress());
    call.addEventListener("slots", () => this.store.update({ received: call.received }));
    call.addEventListener("statistics", ({ detail }) => this.#watch?.take(call, detail));
    return call;
  }

  #freshOffer() {
    this.cool();
    this.call = this.#newCall();
    return this.call.begin({ ...this.#media.tracks, ...this.#media.screen });
  }

  #warmOffer() {
    if (!this.#warm || performance.now() - this.#warm.madeAt > warmTime) return null;
    const { call, offer } = this.#warm;
    this.#warm = null;
    this.call = call;
    return offer;
  }

  async #joined({ userId, payload }) {
    const returning = this.store.state.phase === "room";
    if (returning) this.#rejoinedAt = performance.now();
    this.#outage.restarting = false;
    // Media first: drawing the room takes its time.
    if (this.call && Array.isArray(payload.iceServers)) this.call.servers = payload.iceServers;
    const accepted = this.call?.accept(payload.sdp);
    this.call?.setSlots(payload.slots ?? []);
    this.#roster.reset(payload.participants ?? []);
    this.#conversation.add(payload.chat ?? [], { quiet: true });
    this.store.update({ phase: "room", self: userId, speakers: [], quality: {}, participants: this.#roster.all });
    if (!returning && this.#roster.all.length === 1) this.#offerLink();
    try {
      await accepted;
    } catch (error) {
      console.warn("the answer was not usable", error);
    }
    this.#afterEntering();
  }

  #resumed(payload) {
    this.#outage.restarting = false;
    this.#roster.reset(payload.participants ?? []);
    this.store.update({ participants: this.#roster.all });
    this.call?.setSlots(payload.slots ?? []);
    this.call?.repeatOffer();
    this.#live.believe(this.#roster.get(this.store.state.self)?.media);
    // What the server sees of the path may be among what was missed; it says so again where it does not hear us.
    if (payload.missed) this.call?.setHeard(true);
    this.#afterEntering();
  }

  #afterEntering() {
    this.#expectSound();
    this.#live.sync();
    this.call?.renegotiate();
    this.#viewing.repeat();
    this.#hasFigures = false;
    this.#askForFigures();
    this.#outage.refresh(this.call);
  }

  #receive({ type, payload }) {
    switch (type) {
      case "participant-joined":
        return this.#arrived(payload.participant ?? payload);
      case "participant-updated":
        this.#roster.put(payload.participant ?? payload);
        return this.#publishRoster();
      case "participant-left":
        return this.#departed(payload);
      case "slots":
        return this.call?.setSlots(payload.slots ?? []);
      case "speakers":
        return this.store.update({ speakers: (payload.speakers ?? []).map(({ userId }) => userId) });
      case "chat":
        return this.#conversation.add([payload], { quiet: false });
      case "layers":
        return this.call?.setDemand(payload.source, { active: payload.active !== false, layers: payload.layers ?? null });
      case "quality":
        return this.store.update({ quality: taken(this.store.state.quality, payload.participants) });
      case "negotiated":
        return this.call?.answered(payload.sdp);
      case "diagnosis":
        this.#outage.diagnosis = payload;
        return this.#outage.refresh(this.call);
      case "media-state":
        this.call?.setHeard(payload.state === "connected");
        return payload.state === "failed" ? this.#outage.fail(this.call) : undefined;
      case "ice-servers":
        return this.call?.renew(payload.iceServers ?? []);
      case "closing":
        this.#outage.restarting = true;
        return this.#outage.refresh(this.call);
      case "error":
        console.warn(`the server says ${payload.code}: ${payload.message}`);
        return this.#refused(payload);
      default:
        return undefined;
    }
  }

  #refused({ code, inReplyTo }) {
    if (inReplyTo === "negotiate") this.#offerRefused();
    if (inReplyTo === "update" && code === "rate-limited") this.#live.refused();
  }

  /** The server says more about us while somebody reads it. */
  #askForFigures() {
    const { figures } = this.store.state;
    if (figures === this.#hasFigures) return;
    if (this.#signaling?.send("statistics", { on: figures })) this.#hasFigures = figures;
  }

  #offerRefused() {
    this.call?.answered(null);
    if (!this.#media.screen.screen) return;
    this.#media.closeScreen();
    this.#live.screenRefused();
  }

  #arrived(participant) {
    // After a restart of the server everybody comes back: that is no news.
    const comesBack = performance.now() - this.#rejoinedAt < returnTime && this.#roster.remembers(participant.name);
    const isNew = !this.#roster.get(participant.id) && !comesBack;
    this.#roster.put(participant);
    this.#publishRoster();
    this.notices.dismiss("alone");
    if (isNew) this.notices.group("notice.joined", participant.name);
  }

  #offerLink() {
    this.notices.show({
      id: "alone", level: "info", message: msg("notice.alone"), time: 15_000,
      action: { label: msg("room.copy"), run: () => document.dispatchEvent(new CustomEvent("copy-link")) },
    });
  }

  #departed({ id }) {
    const participant = this.#roster.get(id);
    if (!participant) return;
    this.#roster.remove(id);
    const { [id]: _, ...quality } = this.store.state.quality;
    this.store.update({ quality });
    this.#publishRoster();
    this.notices.group("notice.left", participant.name);
  }

  #publishRoster() {
    this.#expectSound();
    this.store.update({ participants: this.#roster.all });
  }

  #expectSound() {
    const { self } = this.store.state;
    if (this.call) {
      this.call.expectsSound = this.#roster.all.some(({ id, media }) => id !== self && media.microphone);
    }
  }

  async #trackChanged({ source, track }) {
    // A camera may be allowed only after one has joined without it.
    if (source === "screen" || source === "camera") {
      this.store.update({ local: { ...this.store.state.local, [source]: Boolean(track) } });
    }
    await this.call?.setTrack(source, track);
    this.call?.renegotiate();
    this.#live.sync();
  }

  #linkChanged(state) {
    this.store.update({ link: state });
    this.#outage.refresh(this.call);
  }

  #finish(phase, patch = {}) {
    this.#ending.abort();
    this.#watch?.end();
    this.#outage?.end();
    this.call?.close();
    this.call = null;
    this.notices.clear();
    this.#hasFigures = false;
    this.#roster.reset([]);
    this.store.update({
      phase, self: null, outage: null, participants: [], speakers: [], received: [], panel: null, pinned: null,
      quality: {}, weak: null, statistics: null, figures: false, ...patch,
    });
  }
}
