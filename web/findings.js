// What a test of the connection found, in words: one sentence and, where something is closed, the rule that opens it. Pure.

const clockTolerance = 60_000;
/** What one picture and a voice want, in bit/s, and what a meeting of several does. */
const least = 400_000;
const comfortable = 1_500_000;
const longRoundTrip = 300;
const ways = ["udp", "tcp", "turn-udp", "turn-tcp", "turn-tls"];
const detours = ways.slice(1);

/** @typedef {"good" | "warning" | "bad" | "none"} Level "none": there was nothing to test */
/**
 * @typedef {{id: string, level: Level, key: string, parameters?: object, rules?: {key: string, text: string}[]}} Finding
 * `key` names the sentence; a rule's `key` names where it is to be set
 */

/** @param {object} results of `ConnectionTest` and of the devices @returns {Finding[]} */
export function findings(results) {
  return [
    ...pageFindings(results), ...serverFindings(results), ...pathFindings(results), ...bandwidthFindings(results),
    ...deviceFindings(results),
  ];
}

/** The one sentence above all. @returns {{level: Level, key: string}} */
export function verdict(results) {
  const tested = ways.filter((id) => results[id]);
  if (!results.page.rtc) return { level: "bad", key: "test.verdict.browser" };
  if (results.server === null || results.websocket?.state === "closed") return { level: "bad", key: "test.verdict.server" };
  if (tested.length === 0) return { level: "none", key: "test.verdict.running" };
  if (results.udp?.state === "open") {
    const isWeak = findings(results).some(({ level }) => level === "bad" || level === "warning");
    return isWeak ? { level: "warning", key: "test.verdict.almost" } : { level: "good", key: "test.verdict.good" };
  }
  if (detours.some((id) => results[id]?.state === "open")) return { level: "warning", key: "test.verdict.detour" };
  return { level: "bad", key: "test.verdict.blocked" };
}

/** The commands that let a port in, as whoever runs the server types them. */
export function openingRules(transport, ports) {
  const list = ports.join(", ");
  const several = ports.length > 1 ? `{ ${list} }` : list;
  return [
    { key: "test.rule.ufw", text: ports.map((port) => `sudo ufw allow ${port}/${transport}`).join("\n") },
    { key: "test.rule.nftables", text: `sudo nft add rule inet filter input ${transport} dport ${several} accept` },
    { key: "test.rule.cloud", text: `${transport.toUpperCase()} ${list} ← 0.0.0.0/0, ::/0` },
    { key: "test.rule.router", text: `${transport.toUpperCase()} ${list} → ${list}` },
  ];
}

function pageFindings({ page }) {
  const found = [];
  if (!page.rtc) found.push({ id: "browser", level: "bad", key: "test.browser.bad" });
  found.push(page.secure ? { id: "secure", level: "good", key: "test.secure.good" }
    : { id: "secure", level: "bad", key: "test.secure.bad", parameters: { host: page.host } });
  return found;
}

function serverFindings({ server, websocket }) {
  const found = [];
  if (server === null) found.push({ id: "server", level: "bad", key: "test.server.bad" });
  if (server) {
    found.push({ id: "server", level: "good", key: "test.server.good", parameters: { address: server.address } });
    const seconds = Math.round(Math.abs(server.skew) / 1000);
    if (Math.abs(server.skew) <= clockTolerance) found.push({ id: "clock", level: "good", key: "test.clock.good" });
    else {
      const key = server.skew > 0 ? "test.clock.ahead" : "test.clock.behind";
      found.push({ id: "clock", level: "warning", key, parameters: { seconds } });
    }
  }
  if (websocket) {
    const isOpen = websocket.state === "open";
    found.push({ id: "websocket", level: isOpen ? "good" : "bad", key: isOpen ? "test.websocket.good" : "test.websocket.bad" });
  }
  return found;
}

function pathFindings(results) {
  const hasDetour = detours.some((id) => results[id]?.state === "open");
  return ways.flatMap((id) => (results[id] ? [pathFinding(id, results[id], results, hasDetour)] : []));
}

function pathFinding(id, { state, ports, time }, { server, udp }, hasDetour) {
  const parameters = { ports: ports.join(", "), address: server?.address ?? "", time };
  if (state === "open") return { id, level: "good", key: `test.${id}.good`, parameters };
  if (state === "absent") return { id, level: id === "udp" ? "bad" : "none", key: `test.${id}.none` };
  const transport = id === "udp" || id === "turn-udp" ? "udp" : "tcp";
  const isNeeded = id === "udp" ? !hasDetour : udp?.state !== "open" && !hasDetour;
  return {
    id, level: isNeeded ? "bad" : "warning", key: `test.${id}.bad`, parameters, rules: openingRules(transport, ports),
  };
}

function bandwidthFindings({ bandwidth }) {
  if (!bandwidth) return [];
  const { up, down, roundTrip, isLater } = bandwidth;
  const found = [];
  if (isLater) found.push({ id: "bandwidth", level: "none", key: "test.bandwidth.later" });
  if (up !== null && down !== null) {
    const rate = Math.min(up, down);
    const [level, key] = rate < least ? ["bad", "test.bandwidth.bad"]
      : rate < comfortable ? ["warning", "test.bandwidth.weak"] : ["good", "test.bandwidth.good"];
    found.push({ id: "bandwidth", level, key, parameters: { up: megabits(up), down: megabits(down) } });
  }
  if (roundTrip !== null) {
    const isLong = roundTrip > longRoundTrip;
    const key = isLong ? "test.delay.long" : "test.delay.good";
    found.push({ id: "delay", level: isLong ? "warning" : "good", key, parameters: { time: roundTrip } });
  }
  return found;
}

function deviceFindings({ microphone, camera, speaker }) {
  const found = [];
  if (microphone) found.push(deviceFinding("microphone", microphone));
  if (camera) found.push(deviceFinding("camera", camera));
  if (speaker) {
    found.push({
      id: "speaker", level: speaker === "heard" ? "good" : "warning",
      key: speaker === "heard" ? "test.speaker.good" : "test.speaker.bad",
    });
  }
  return found;
}

function deviceFinding(id, { error, isSilent, label }) {
  if (error) return { id, level: "warning", key: `device.${id}.${error}` };
  if (isSilent) return { id, level: "warning", key: "test.microphone.silent", parameters: { label } };
  return { id, level: "good", key: `test.${id}.good`, parameters: { label } };
}

/** In Mbit/s with one digit behind the point. */
const megabits = (rate) => (rate / 1_000_000).toFixed(1);
