// Tries every way to the server, one after the other, as a call would. No DOM; what it found, `findings.js` puts in words.

import { throughput } from "./throughput.js";

const pathLimit = 6000;
const requestLimit = 8000;

/** @typedef {"open" | "closed" | "absent"} PathState */
/** @typedef {{state: PathState, ports: number[], time?: number}} Path `time` in milliseconds */

/** Ways by which media may go: which candidates of the answer are left, and which relays are asked. */
const ways = {
  udp: { candidate: /^a=candidate:\S+ \d+ udp /i },
  tcp: { candidate: /^a=candidate:\S+ \d+ tcp /i },
  "turn-udp": { candidate: /^a=candidate:\S+ \d+ udp /i, relay: /^turn:(?!.*transport=tcp)/ },
  "turn-tcp": { candidate: /^a=candidate:\S+ \d+ udp /i, relay: /^turn:.*transport=tcp/ },
  "turn-tls": { candidate: /^a=candidate:\S+ \d+ udp /i, relay: /^turns:/ },
};

export class ConnectionTest extends EventTarget {
  /** What was found so far. */
  results = { page: { secure: isSecureContext, rtc: Boolean(globalThis.RTCPeerConnection), host: location.host } };
  #ending = new AbortController();

  /** Runs everything. Event "result" {id} after each step, "step" {id} before it. */
  async run() {
    const { results } = this;
    await this.#step("server", () => askFacts());
    await this.#step("websocket", () => tryWebSocket());
    if (!results.page.rtc) return;
    for (const id of Object.keys(ways)) await this.#step(id, () => this.#tryWay(id));
    const best = Object.keys(ways).find((id) => results[id]?.state === "open");
    if (best) await this.#step("bandwidth", () => this.#measure(best));
  }

  stop() {
    this.#ending.abort();
  }

  async #step(id, work) {
    if (this.#ending.signal.aborted) return;
    this.#emit("step", id);
    const result = await work().catch((error) => {
      console.warn(`${id} could not be tested`, error);
      return null;
    });
    if (this.#ending.signal.aborted) return;
    this.results[id] = result;
    this.#emit("result", id);
  }

  async #tryWay(id) {
    const attempt = await connect(id, this.results.server?.iceServers ?? []);
    attempt.pc?.close();
    return { state: attempt.state, ports: attempt.ports, time: attempt.time };
  }

  async #measure(id) {
    const { pc, channel } = await connect(id, this.results.server?.iceServers ?? []);
    if (!channel) return null;
    try {
      return { way: id, roundTrip: await roundTrip(channel), ...(await throughput(pc)) };
    } finally {
      pc.close();
    }
  }

  #emit(type, id) {
    this.dispatchEvent(new CustomEvent(type, { detail: { id } }));
  }
}

/** What the server tells, and how far the clocks are apart, in milliseconds. */
async function askFacts() {
  const begun = Date.now();
  const answer = await fetch("/test/facts", { cache: "no-store", signal: AbortSignal.timeout(requestLimit) });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const facts = await answer.json();
  const took = Date.now() - begun;
  return { ...facts, took, skew: Math.round(begun + took / 2 - facts.time) };
}

function tryWebSocket() {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    const end = (isOpen) => {
      clearTimeout(timer);
      socket.close();
      resolve({ state: isOpen ? "open" : "closed" });
    };
    const timer = setTimeout(() => end(false), pathLimit);
    socket.onopen = () => end(true);
    socket.onerror = () => end(false);
  });
}

/** One connection that may go one way only, with a channel on which the server echoes. */
async function connect(id, servers) {
  const { candidate, relay } = ways[id];
  const relays = relay ? chosenServers(servers, relay) : [];
  if (relay && relays.length === 0) return { state: "absent", ports: [] };
  const pc = new RTCPeerConnection(relay ? { iceServers: relays, iceTransportPolicy: "relay" } : {});
  const channel = pc.createDataChannel("test");
  channel.binaryType = "arraybuffer";
  const begun = performance.now();
  await pc.setLocalDescription();
  const { sdp, ports } = only(await exchange(pc.localDescription.sdp), candidate);
  const named = relay ? relays.flatMap(({ urls }) => urls.map(portOf)) : ports;
  if (ports.length === 0) {
    pc.close();
    return { state: "absent", ports: [] };
  }
  await pc.setRemoteDescription({ type: "answer", sdp });
  const isOpen = await opened(pc, channel);
  if (!isOpen) pc.close();
  const time = Math.round(performance.now() - begun);
  return isOpen ? { state: "open", ports: named, time, pc, channel } : { state: "closed", ports: named };
}

function opened(pc, channel) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), pathLimit);
    const end = (isOpen) => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    channel.onopen = () => end(true);
    pc.addEventListener("connectionstatechange", () => pc.connectionState === "failed" && end(false));
  });
}

async function exchange(offer) {
  const answer = await fetch("/sdp", {
    method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer, signal: AbortSignal.timeout(requestLimit),
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

/** An answer with the candidates of one kind, and their ports. Pure. */
export function only(answer, kind) {
  const ports = new Set();
  const lines = answer.split("\r\n").filter((line) => {
    if (!line.startsWith("a=candidate:")) return true;
    if (!kind.test(line)) return false;
    ports.add(Number(line.split(" ")[5]));
    return true;
  });
  return { sdp: lines.join("\r\n"), ports: [...ports] };
}

/** The relays that speak one transport. Pure. */
export function chosenServers(servers, kind) {
  return servers.flatMap(({ urls, ...rest }) => {
    const chosen = [urls].flat().filter((url) => kind.test(url));
    return chosen.length > 0 ? [{ ...rest, urls: chosen }] : [];
  });
}

/** Of a relay's URL. Pure. */
export function portOf(url) {
  const [, port] = /^turns?:(?:\[[^\]]*\]|[^:?]*):(\d+)/.exec(url) ?? [];
  return Number(port ?? (url.startsWith("turns:") ? 5349 : 3478));
}

/** The shortest of five, in milliseconds. */
async function roundTrip(channel) {
  let best = Infinity;
  for (let number = 0; number < 5; number += 1) {
    const text = `ping ${number}`;
    const begun = performance.now();
    const echoed = new Promise((resolve) => {
      channel.onmessage = ({ data }) => data === text && resolve(true);
      setTimeout(() => resolve(false), 2000);
    });
    channel.send(text);
    if (await echoed) best = Math.min(best, performance.now() - begun);
  }
  return Number.isFinite(best) ? Math.max(1, Math.round(best)) : null;
}
