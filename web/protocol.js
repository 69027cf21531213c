// The signalling protocol of docs/signaling.md, client side. Knows no DOM, no media, no user interface.
//
// Events: "link" {state}, "joined" {payload, userId}, "resumed" {payload}, "message" {type, userId, payload},
// "refused" {code}, "closing" {retryAfter}, "replaced".

const pingInterval = 400;
const silenceLimit = 1000;
const unansweredLimit = 500;
const abandonAfter = 3000;
const attemptLimit = 5000;
const joinLimit = 10_000;
const resumeLimit = 4000;
const retryFirst = 300;
const retryGrowth = 1.5;
// While the server still keeps our place, tries follow closely.
const retryMostAtFirst = 1500;
const retryAtFirst = 20_000;
const retryMost = 5000;
const probeLimit = 2000;
const fatalCodes = new Set(["bad-room", "bad-name", "bad-sdp", "room-full", "too-many-participants"]);

/** @typedef {"idle" | "connecting" | "connected" | "interrupted" | "reconnecting"} LinkState */

export class Signaling extends EventTarget {
  #socket = null;
  #joinPayload;
  /** The first offer is made while the socket opens. */
  #firstPayload = null;
  #token = null;
  #lastSeq = 0;
  #attempt = 0;
  #lostAt = 0;
  #timers = new Set();
  #retry = null;
  #ticker = null;
  #lastHeard = 0;
  #unansweredSince = null;
  #lastPing = 0;
  #retryHint = null;
  #ended = false;

  /**
   * @param {{url: string, roomId: string, joinPayload: () => Promise<object>}} options
   *   `joinPayload` is asked for a fresh offer whenever the server does not know this participant (any more)
   */
  constructor({ url, roomId, joinPayload }) {
    super();
    this.url = url;
    this.roomId = roomId;
    this.#joinPayload = joinPayload;
    /** @type {LinkState} */
    this.link = "idle";
    /** This participant's id. @type {string | null} */
    this.userId = null;
  }

  /** Starts; keeps trying until `leave`, a refusal or a replacement. */
  connect() {
    this.#setLink("connecting");
    this.#firstPayload = this.#joinPayload();
    this.#firstPayload.catch(() => {});
    this.#open();
  }

  /** @returns {boolean} false where there is no joined connection to send on */
  send(type, payload = {}, to = undefined) {
    if (!this.userId || !this.#joined || this.#socket?.readyState !== 1) return false;
    this.#write(type, payload, to);
    return true;
  }

  /** Goes away for good. */
  leave() {
    this.send("leave");
    this.#end(1000);
  }

  /** Tries at once instead of waiting for the next attempt, as after the network came back. */
  retryNow() {
    if (this.#retry === null) return;
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#open();
  }

  get #joined() {
    return this.link === "connected" || this.link === "interrupted";
  }

  /**
   * Firefox makes a page wait ever longer after each failed WebSocket. So only the first try is a socket;
   * later ones ask over HTTP first whether there is anybody to connect to.
   */
  async #open() {
    this.#retry = null;
    if (this.#attempt > 1 && !(await this.#isReachable())) return this.#lose();
    if (this.#ended || this.#socket) return undefined;
    let socket;
    try {
      socket = new WebSocket(this.url);
    } catch {
      // Some browsers throw where policy or a proxy forbids the connection just now.
      return this.#lose();
    }
    this.#socket = socket;
    const own = (handler) => (event) => {
      if (this.#socket === socket) handler(event);
    };
    this.#after(attemptLimit, () => this.#socket === socket && socket.readyState === 0 && this.#lose());
    socket.onopen = own(() => this.#greet(socket));
    socket.onmessage = own((event) => this.#receive(event.data));
    socket.onclose = own((event) => this.#lose(event.code));
    return undefined;
  }

  async #isReachable() {
    const address = new URL("/livez", this.url.replace(/^ws/, "http"));
    try {
      await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(probeLimit) });
      return true;
    } catch {
      return false;
    }
  }

  async #greet(socket) {
    this.#after(this.#token ? resumeLimit : joinLimit, () => this.#socket === socket && !this.#joined && this.#lose());
    if (this.#token) {
      this.#write("resume", { resumeToken: this.#token, lastSeq: this.#lastSeq });
      return;
    }
    let payload = null;
    try {
      payload = await (this.#firstPayload ?? this.#joinPayload());
    } catch (error) {
      console.warn("no offer could be made", error);
    }
    this.#firstPayload = null;
    if (this.#socket !== socket || socket.readyState !== 1) return;
    if (payload) this.#write("join", payload);
    else this.#lose();
  }

  #write(type, payload, to) {
    this.#socket.send(JSON.stringify({ type, roomId: this.roomId, to, payload }));
  }

  #receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof message?.type !== "string") return;
    this.#lastHeard = performance.now();
    this.#unansweredSince = null;
    if (this.link === "interrupted") this.#setLink("connected");
    const payload = message.payload ?? {};
    if (message.type === "joined") return this.#enter(message, payload);
    if (message.type === "error" && payload.inReplyTo === "resume") return this.#startOver();
    if (message.type === "error" && payload.inReplyTo === "join") return this.#refuse(payload.code);
    if (Number.isSafeInteger(message.seq)) {
      if (message.seq <= this.#lastSeq) return;
      this.#lastSeq = message.seq;
    }
    if (message.type === "resumed") return this.#comeBack(payload);
    if (message.type === "pong") return;
    if (message.type === "closing") this.#retryHint = Number(payload.retryAfter) || retryFirst;
    this.#emit("message", { type: message.type, userId: message.userId, payload });
  }

  #enter(message, payload) {
    this.userId = message.userId;
    this.#token = payload.resumeToken ?? null;
    this.#lastSeq = Number.isSafeInteger(message.seq) ? message.seq : 0;
    this.#settle();
    this.#emit("joined", { userId: this.userId, payload });
  }

  #comeBack(payload) {
    this.#settle();
    this.#emit("resumed", { payload });
  }

  #settle() {
    this.#attempt = 0;
    this.#lastHeard = performance.now();
    this.#lastPing = this.#lastHeard;
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => this.#tick(), 100);
    this.#setLink("connected");
  }

  /** The server does not know us any more: the same socket joins anew. */
  #startOver() {
    this.#token = null;
    this.#lastSeq = 0;
    this.#greet(this.#socket);
  }

  #refuse(code) {
    if (fatalCodes.has(code)) {
      this.#end(1000);
      this.#emit("refused", { code });
    } else this.#lose();
  }

  #tick() {
    const now = performance.now();
    if (now - this.#lastPing >= pingInterval - 20) {
      this.#lastPing = now;
      this.#unansweredSince ??= now;
      if (this.#socket?.readyState === 1) this.#write("ping", {});
    }
    // A page in the background ticks rarely: silence counts only when a ping stands unanswered.
    const waiting = this.#unansweredSince === null ? 0 : now - this.#unansweredSince;
    const silence = now - this.#lastHeard;
    if (waiting < unansweredLimit || silence < silenceLimit - 50) return undefined;
    return silence >= abandonAfter ? this.#lose() : this.#setLink("interrupted");
  }

  /** The socket is gone or given up: plan the next attempt. */
  #lose(code) {
    const socket = this.#socket;
    this.#socket = null;
    clearInterval(this.#ticker);
    this.#unansweredSince = null;
    this.#clearTimers();
    if (socket && socket.readyState < 2) socket.close();
    if (this.#ended) return;
    if (code === 4001) {
      this.#end();
      this.#emit("replaced", {});
      return;
    }
    this.#setLink(this.userId ? "reconnecting" : "connecting");
    const now = performance.now();
    if (this.#attempt === 0) this.#lostAt = now;
    const most = now - this.#lostAt < retryAtFirst ? retryMostAtFirst : retryMost;
    const longest = Math.min(most, retryFirst * retryGrowth ** this.#attempt);
    this.#attempt += 1;
    const delay = this.#retryHint ?? longest * (0.5 + Math.random() / 2);
    this.#retryHint = null;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), delay);
  }

  #end(code = 1000) {
    this.#ended = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#clearTimers();
    this.#socket?.close(code);
    this.#socket = null;
    this.#setLink("idle");
  }

  #after(delay, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delay);
    this.#timers.add(timer);
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** @param {LinkState} state */
  #setLink(state) {
    if (this.link === state) return;
    this.link = state;
    this.#emit("link", { state });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
