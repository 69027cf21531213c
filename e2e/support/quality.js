// Runs before the page: measures what a participant sees and hears, from decoded frames and from the waveform, and what
// it sends. All times are milliseconds since 1970, so that those of different pages can be compared.
(() => {
  const now = () => performance.timeOrigin + performance.now();

  // The browser sends to a relay instead of to the server: the answer's candidates name its port.
  if (window.__link) {
    const { from, to } = window.__link;
    const candidate = new RegExp(`(a=candidate:\\S+ \\d+ udp \\d+ \\S+ )${from} `, "gi");
    const accept = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      return accept.call(this, { type: description.type, sdp: description.sdp.replace(candidate, `$1${to} `) });
    };
  }

  // What is said to the server and by it, and when.
  const said = [];
  const note = (by, data) => {
    const { type, payload } = typeof data === "string" ? JSON.parse(data) : {};
    for (const { mid, source } of payload?.sources ?? []) sources.set(String(mid), source);
    if (noted.has(type)) said.push({ at: now(), by, type, payload: type === "join" ? null : payload });
  };
  const noted = new Set(["join", "view", "slots", "layers", "quality"]);
  const sources = new Map();
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => note("server", data));
    }

    send(data) {
      note("page", data);
      super.send(data);
    }
  };

  const series = (of, key) => (of[key] ??= []);
  const shown = {};
  const decoded = {};
  const sent = {};
  const link = [];

  // How much of the fine pattern of a shared screen is left: 1 is all of it, a blur is near 0.
  const side = 64;
  const patch = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const sharpness = (video) => {
    const draw = patch.getContext("2d", { willReadFrequently: true });
    draw.drawImage(video, 0, video.videoHeight - side, side, side, 0, 0, side, side);
    const { data } = draw.getImageData(0, 0, side, side);
    let sum = 0;
    for (let index = 4; index < data.length; index += 4) sum += Math.abs(data[index + 1] - data[index - 3]);
    return sum / (side * side) / 63.75;
  };

  // Pictures: one entry for each frame that a tile shows.
  const watched = new WeakSet();
  const watch = (video, tile) => {
    if (watched.has(video)) return;
    watched.add(video);
    const add = (_, frame) => {
      const { participant, source } = tile.dataset;
      series(shown, `${participant}/${source}`).push(
        [now(), frame.width, frame.height, source === "screen" ? sharpness(video) : null]);
      video.requestVideoFrameCallback(add);
    };
    video.requestVideoFrameCallback(add);
  };

  const look = async () => {
    for (const tile of document.querySelectorAll("video-tile[data-self=false]")) {
      const video = tile.querySelector("video");
      if (video) watch(video, tile);
    }
    const call = window.jumpa?.meeting?.call;
    if (!call || call.pc.signalingState === "closed") return;
    const names = new Map(call.received.map(({ mid, userId, source }) => [String(mid), `${userId}/${source}`]));
    const at = now();
    for (const report of (await call.pc.getStats()).values()) {
      const { type } = report;
      if (type === "inbound-rtp" && names.has(report.mid)) {
        series(decoded, names.get(report.mid)).push({
          at, frames: report.framesDecoded ?? 0, height: report.frameHeight ?? 0, keys: report.keyFramesDecoded ?? 0,
          bytes: report.bytesReceived, packets: report.packetsReceived, lost: report.packetsLost ?? 0,
          freezes: report.freezeCount ?? null, frozen: report.totalFreezesDuration ?? null,
          samples: report.totalSamplesReceived ?? 0, concealed: report.concealedSamples ?? 0,
          silent: report.silentConcealedSamples ?? 0, nacks: report.nackCount ?? 0, plis: report.pliCount ?? 0,
          dropped: report.framesDropped ?? 0, received: report.framesReceived ?? 0,
        });
      } else if (type === "outbound-rtp") {
        series(sent, `${sources.get(report.mid)}/${report.rid ?? ""}`).push({
          at, bytes: report.bytesSent, packets: report.packetsSent, frames: report.framesEncoded ?? 0,
          height: report.frameHeight ?? 0, limit: report.qualityLimitationReason ?? null, active: report.active ?? null,
          repeated: report.retransmittedPacketsSent ?? 0, nacks: report.nackCount ?? 0, plis: report.pliCount ?? 0,
        });
      } else if (type === "candidate-pair" && report.nominated) {
        link.push({
          at, roundTrip: report.currentRoundTripTime ?? null, up: report.availableOutgoingBitrate ?? null,
          bytesSent: report.bytesSent ?? 0, bytesReceived: report.bytesReceived ?? 0,
        });
      }
    }
  };
  // Where this page stood still, what it measured meanwhile was late too.
  const stalls = [];
  let ticked = now();
  let looking = null;
  setInterval(() => {
    const late = now() - ticked - 100;
    if (late > 100) stalls.push([now() - late, now()]);
    ticked = now();
    looking ??= look().catch(() => {}).finally(() => { looking = null; });
  }, 100);

  // Sound: a worklet looks at every sample and tells when it falls silent and when it begins again.
  const sounds = {};
  let context;
  const listen = async (key, stream) => {
    if (!context) {
      context = new AudioContext();
      await context.audioWorklet.addModule("/sound-gaps.js");
    }
    if (context.state === "suspended") await context.resume();
    const track = { changes: [], until: 0, level: 0, lags: [] };
    sounds[key] = track;
    const node = new AudioWorkletNode(context, "sound-gaps", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data: { time, level, changes } }) => {
      // The sound's own clock, brought to the wall clock by that of the last messages that was delayed least. Where the
      // machine is too slow for its sound, that clock falls behind.
      track.lags = [...track.lags.slice(-20), now() - time * 1000];
      const at = (own) => own * 1000 + Math.min(...track.lags);
      track.until = at(time);
      track.level = level;
      track.changes.push(...changes.map(({ time, quiet }) => ({ at: at(time), quiet })));
    };
    track.node = node;
    track.source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    track.source.connect(node);
  };

  window.quality = {
    now, shown, decoded, sent, link, said, stalls,
    /** Begins to measure the sound of a participant. */
    async listen(participant, source = "microphone") {
      const player = document.querySelector(
        `audio[data-testid=sound][data-participant="${participant}"][data-source="${source}"]`);
      if (!player?.srcObject) throw new Error("no sound of that participant");
      await listen(`${participant}/${source}`, player.srcObject);
    },
    /** Silences between two times: [from, to], as far as they lie between them. */
    gaps(participant, since, until, source = "microphone") {
      const track = sounds[`${participant}/${source}`];
      if (!track) return null;
      const found = [];
      let began = null;
      for (const { at, quiet } of [...track.changes, { at: track.until, quiet: false }]) {
        if (quiet) began ??= at;
        else if (began !== null) {
          const [from, to] = [Math.max(began, since), Math.min(at, until)];
          if (to > from) found.push([from, to]);
          began = null;
        }
      }
      return { gaps: found, until: track.until, level: track.level };
    },
  };
})();
