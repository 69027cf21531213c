// One stay in one room: joins signalling, call and devices together and keeps the store true.
//
// Store: phase, room, name, self, link, outage, participants, speakers, chat, unread, panel, pinned, local, received.

import { Call } from "./call.js";
import { msg } from "./i18n.js";
import { Notices } from "./notices.js";
import { Outage } from "./outage.js";
import { Signaling } from "./protocol.js";
import { Roster } from "./roster.js";
import { Store } from "./store.js";

const chatBytes = 4096;
const viewDelay = 150;
const returnTime = 15_000;
const warmTime = 120_000;

export class Meeting {
  #media;
  #signaling = null;
  #roster = new Roster();
  #ending = new AbortController();
  #outage = null;
  #viewTimer = null;
  #view = [];
  #chatKeys = new Set();
  #rejoinedAt = -Infinity;
  /** A call whose first offer is ready, made while the person looks into the mirror. */
  #warm = null;
  /** What the server was last told to be live. */
  #told = null;

  /** @param {{room: string, media: import("./media.js").LocalMedia}} options */
  constructor({ room, media }) {
    this.#media = media;
    this.notices = new Notices();
    /** @type {Call | null} */
    this.call = null;
    this.store = new Store({
      phase: "lobby", room, name: "", self: null, link: "idle", outage: null, refusal: null,
      participants: [], speakers: [], received: [], chat: [], unread: 0, panel: null, pinned: null,
      local: { microphone: true, camera: true, screen: false },
    });
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
    this.#media.addEventListener("switched", ({ detail }) => this.#deviceSwitched(detail), { signal });
    this.#media.addEventListener("lost", ({ detail }) => this.#deviceLost(detail), { signal });
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

  async toggleMicrophone() {
    const { local } = this.store.state;
    const microphone = !(local.microphone && this.#media.tracks.microphone);
    if (microphone && !this.#media.tracks.microphone) {
      await this.#media.open(["microphone"]);
      if (!this.#media.tracks.microphone) return this.#deviceRefused("microphone");
    }
    this.#media.setEnabled(microphone);
    this.#setLocal({ microphone });
  }

  async toggleCamera() {
    const camera = !this.#media.tracks.camera;
    if (!camera) this.#media.close("camera");
    else {
      await this.#media.open(["camera"]);
      if (!this.#media.tracks.camera) return this.#deviceRefused("camera");
    }
    this.#setLocal({ camera });
  }

  async toggleScreen() {
    if (this.#media.screen.screen) return this.#media.closeScreen();
    try {
      await this.#media.openScreen();
    } catch (error) {
      // Closing the browser's chooser is an answer, not a fault.
      if (error?.name !== "NotAllowedError") {
        this.notices.show({ id: "screen", level: "warning", message: msg("notice.screen-failed") });
      }
    }
  }

  /** @returns {boolean} false where it could not be sent; the reason is shown */
  sendChat(text) {
    const trimmed = text.trim();
    if (!trimmed) return false;
    if (new TextEncoder().encode(trimmed).length > chatBytes) {
      this.notices.show({ id: "chat", level: "warning", message: msg("notice.chat-too-long") });
      return false;
    }
    if (this.#signaling?.send("chat", { text: trimmed })) return true;
    this.notices.show({ id: "chat", level: "warning", message: msg("notice.chat-offline") });
    return false;
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

  /** Tells the server what is on screen: [{userId, source, width, height, priority}]. */
  setView(tiles) {
    const same = JSON.stringify(tiles) === JSON.stringify(this.#view);
    this.#view = tiles;
    if (same) return;
    clearTimeout(this.#viewTimer);
    this.#viewTimer = setTimeout(() => this.#sendView(), viewDelay);
  }

  #sendView() {
    this.#signaling?.send("view", { tiles: this.#view });
  }

  async #prepare() {
    this.call?.close();
    // A browser without calls still has the chat.
    if (!globalThis.RTCPeerConnection) return { name: this.store.state.name, media: (this.#told = this.#live) };
    const offer = await (this.#warmOffer() ?? this.#freshOffer());
    // A device may have come or gone while the offer was made.
    for (const [source, track] of Object.entries(this.#media.tracks)) await this.call?.setTrack(source, track);
    this.#told = this.#live;
    return { name: this.store.state.name, media: this.#told, ...offer };
  }

  #newCall() {
    const call = new Call((payload) => this.#signaling.send("negotiate", payload));
    call.addEventListener("state", () => this.#outage?.refresh(this.call));
    call.addEventListener("slots", () => this.store.update({ received: call.received }));
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
    const accepted = this.call?.accept(payload.sdp);
    this.call?.setSlots(payload.slots ?? []);
    this.#roster.reset(payload.participants ?? []);
    this.#addChat(payload.chat ?? [], { quiet: true });
    this.store.update({ phase: "room", self: userId, speakers: [], participants: this.#roster.all });
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
    this.#told = this.#roster.get(this.store.state.self)?.media ?? null;
    this.#afterEntering();
    if (this.#outage.isMediaBroken(this.call)) this.call?.renegotiate({ restartIce: true });
  }

  #afterEntering() {
    this.#expectSound();
    this.#syncMedia();
    this.call?.renegotiate();
    if (this.#view.length > 0) this.#sendView();
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
        return this.#addChat([payload], { quiet: false });
      case "negotiated":
        return this.call?.answered(payload.sdp);
      case "media-state":
        if (payload.state === "failed") this.call?.renegotiate({ restartIce: true });
        return undefined;
      case "closing":
        this.#outage.restarting = true;
        return this.#outage.refresh(this.call);
      case "error":
        console.warn(`the server says ${payload.code}: ${payload.message}`);
        return payload.inReplyTo === "negotiate" ? this.#offerRefused() : undefined;
      default:
        return undefined;
    }
  }

  #offerRefused() {
    this.call?.answered(null);
    if (!this.#media.screen.screen) return;
    this.#media.closeScreen();
    this.notices.show({ id: "screen", level: "warning", message: msg("notice.screen-failed") });
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

  #addChat(messages, { quiet }) {
    const fresh = messages.filter((message) => {
      const key = `${message.id}:${message.at}`;
      return !this.#chatKeys.has(key) && this.#chatKeys.add(key);
    });
    if (fresh.length === 0) return;
    const { chat, panel, self, unread } = this.store.state;
    const counted = quiet || panel === "chat" ? 0 : fresh.filter(({ userId }) => userId !== self).length;
    this.store.update({ chat: [...chat, ...fresh], unread: unread + counted });
  }

  get #live() {
    const { local } = this.store.state;
    return {
      microphone: local.microphone && Boolean(this.#media.tracks.microphone),
      camera: Boolean(this.#media.tracks.camera),
      screen: Boolean(this.#media.screen.screen),
    };
  }

  #setLocal(patch) {
    this.store.update({ local: { ...this.store.state.local, ...patch } });
    this.#syncMedia();
  }

  /** Tells the server what is live, where it believes otherwise. */
  #syncMedia() {
    const live = this.#live;
    if (this.#told && Object.keys(live).every((kind) => live[kind] === this.#told[kind])) return;
    if (this.#signaling?.send("update", { media: live })) this.#told = live;
  }

  async #trackChanged({ source, track }) {
    if (source === "screen") this.store.update({ local: { ...this.store.state.local, screen: Boolean(track) } });
    await this.call?.setTrack(source, track);
    this.call?.renegotiate();
    this.#syncMedia();
  }

  #linkChanged(state) {
    this.store.update({ link: state });
    this.#outage.refresh(this.call);
  }

  #deviceSwitched({ kind, label }) {
    this.notices.show({ id: kind, level: "info", message: msg(`notice.switched-${kind}`, { label }) });
  }

  #deviceLost({ kind }) {
    this.notices.show({ id: kind, level: "warning", message: msg(`notice.lost-${kind}`) });
  }

  #deviceRefused(kind) {
    const error = this.#media.errors[kind] ?? "failed";
    this.notices.show({ id: kind, level: "warning", message: msg(`device.${kind}.${error}`), time: 9000 });
  }

  #finish(phase, patch = {}) {
    this.#ending.abort();
    clearTimeout(this.#viewTimer);
    this.#outage?.end();
    this.call?.close();
    this.call = null;
    this.notices.clear();
    this.#view = [];
    this.#roster.reset([]);
    this.store.update({
      phase, self: null, outage: null, participants: [], speakers: [], received: [], panel: null, pinned: null,
      ...patch,
    });
  }
}
