// Measures what a connection carries, one direction after the other, on channels where the server counts what comes
// or gives what is asked for (docs/signaling.md §5).

const piece = new Uint8Array(16_384);
/** Bytes on their way at most: the server closes the channel of who takes less than 2 MiB of what it sends. */
const mostOutstanding = 524_288;
const measuringTime = 2500;
const warmUpTime = 800;
/** After so many bytes it is fast enough: others are in meetings on the same line. */
const enough = 8 << 20;
const patience = 5000;

/** What the words begin with by which the server says that too many measure. */
const refusalMark = "later: ";

/**
 * @param {RTCPeerConnection} pc @returns {Promise<{up: number | null, down: number | null, isLater?: boolean}>} bit/s; null:
 * nothing came through. `isLater`: others measure, and the server wants us to come again
 */
export async function throughput(pc) {
  const up = await rate(pc, "jumpa.upload", (channel) => channel.send(piece), (data, come) => Number(data) || come);
  if (up === "later") return { up: null, down: null, isLater: true };
  const down = await rate(pc, "jumpa.download", (channel) => channel.send(String(piece.byteLength)),
    (data, come) => come + (data.byteLength ?? 0));
  return down === "later" ? { up, down: null, isLater: true } : { up, down };
}

function rate(pc, protocol, ask, count) {
  const channel = pc.createDataChannel("measure", { protocol });
  channel.binaryType = "arraybuffer";
  return new Promise((resolve) => {
    const marks = [];
    let asked = 0;
    let come = 0;
    const end = (result) => {
      clearTimeout(timer);
      channel.close();
      resolve(result ?? rateBetween(marks));
    };
    const timer = setTimeout(() => end(), measuringTime + patience);
    const askOn = () => {
      for (; asked - come < mostOutstanding && asked < enough; asked += piece.byteLength) ask(channel);
    };
    channel.onopen = () => {
      marks.push({ at: performance.now(), come });
      askOn();
    };
    channel.onmessage = ({ data }) => {
      if (typeof data === "string" && data.startsWith(refusalMark)) return end("later");
      come = Math.max(come, count(data, come));
      marks.push({ at: performance.now(), come });
      if (come >= enough || marks.at(-1).at - marks[0].at >= measuringTime) end();
      else if (channel.readyState === "open") askOn();
    };
    channel.onclose = () => end();
  });
}

/**
 * In bit/s, since the beginning was over; over all of it where it never was. Pure.
 * @param {{at: number, come: number}[]} marks what had come by when, in milliseconds; the first is the beginning
 */
export function rateBetween(marks) {
  const last = marks.at(-1);
  if (!last?.come) return null;
  const warm = marks.find(({ at }) => at - marks[0].at >= warmUpTime);
  const since = warm && warm.come < last.come && warm.at < last.at ? warm : marks[0];
  return last.at > since.at ? Math.round(((last.come - since.come) * 8000) / (last.at - since.at)) : null;
}
