// The browser's side of the interoperation tests: one RTCPeerConnection, driven by the test.

const state = { channels: [], elements: {}, senders: {} };

function pattern(count, seed) {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) bytes[index] = (seed + index * 31 + (index >> 8)) & 255;
  return bytes;
}

function isPattern(bytes) {
  const wanted = pattern(bytes.length, bytes[0] ?? 0);
  return bytes.every((byte, index) => byte === wanted[index]);
}

function adopt(channel) {
  channel.binaryType = "arraybuffer";
  const record = { channel, messages: [], state: channel.readyState };
  channel.onopen = () => { record.state = "open"; };
  channel.onclose = () => { record.state = "closed"; };
  channel.onmessage = ({ data }) => {
    const isText = typeof data === "string";
    const bytes = isText ? new TextEncoder().encode(data) : new Uint8Array(data);
    record.messages.push({
      text: isText ? data.slice(0, 100) : null, byteCount: bytes.length,
      isPattern: isText ? null : isPattern(bytes),
    });
    if (record.echoes) channel.send(data);
  };
  state.channels.push(record);
  return state.channels.length - 1;
}

function show(track) {
  const element = document.createElement(track.kind);
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  document.body.append(element);
  element.play().catch(() => {});
  const entry = { element, track };
  if (track.kind === "audio") {
    const context = new AudioContext({ sampleRate: 48000 });
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    context.createMediaStreamSource(element.srcObject).connect(analyser);
    entry.analyser = analyser;
    entry.context = context;
  }
  state.elements[track.kind] = entry;
}

// After a restart the state is still that of the last gathering for a moment, and there is no candidate yet.
async function gathered(connection) {
  const isDone = () => connection.iceGatheringState === "complete" && connection.localDescription.sdp.includes("a=candidate:");
  for (let tries = 0; tries < 1500 && !isDone(); tries += 1) await new Promise((resolve) => { setTimeout(resolve, 20); });
  const { type, sdp } = connection.localDescription;
  return { type, sdp };
}

// A tone of 600 Hz and a moving picture, made here.
function source(kind) {
  if (kind === "audio") {
    const context = new AudioContext({ sampleRate: 48000 });
    const oscillator = context.createOscillator();
    oscillator.frequency.value = 600;
    const target = context.createMediaStreamDestination();
    oscillator.connect(target);
    oscillator.start();
    return target.stream;
  }
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const drawing = canvas.getContext("2d");
  let count = 0;
  setInterval(() => {
    count += 1;
    drawing.fillStyle = `hsl(${(count * 7) % 360} 80% 50%)`;
    drawing.fillRect(0, 0, 320, 240);
    drawing.fillStyle = "white";
    drawing.fillRect((count * 5) % 300, 100, 20, 40);
  }, 50);
  return canvas.captureStream(20);
}

window.interop = {
  open() {
    const connection = new RTCPeerConnection();
    state.connection = connection;
    connection.ondatachannel = ({ channel }) => adopt(channel);
    connection.ontrack = ({ track }) => show(track);
  },
  async offer(restart) {
    await state.connection.setLocalDescription(
      await state.connection.createOffer({ iceRestart: restart }));
    return gathered(state.connection);
  },
  async answer(offer) {
    await state.connection.setRemoteDescription(offer);
    await state.connection.setLocalDescription();
    return gathered(state.connection);
  },
  accept: (answer) => state.connection.setRemoteDescription(answer),
  state: () => state.connection.connectionState,
  channel: (label, options) => adopt(state.connection.createDataChannel(label, options)),
  channels: () => state.channels.map(({ channel }) => ({
    label: channel.label, ordered: channel.ordered, protocol: channel.protocol,
    maxRetransmits: channel.maxRetransmits, maxPacketLifeTime: channel.maxPacketLifeTime,
    state: channel.readyState,
  })),
  sendText: (index, text) => state.channels[index].channel.send(text),
  sendBytes: (index, count, seed) => state.channels[index].channel.send(pattern(count, seed)),
  echo: (index) => { state.channels[index].echoes = true; },
  messages: (index) => state.channels[index].messages,
  closeChannel: (index) => state.channels[index].channel.close(),
  addTrack(kind) {
    const stream = source(kind);
    state.senders[kind] = state.connection.addTrack(stream.getTracks()[0], stream);
  },
  removeTrack: (kind) => state.connection.removeTrack(state.senders[kind]),
  directions: () => state.connection.getTransceivers().map((one) => one.currentDirection),
  // What the decoder has made of it.
  async video() {
    let found = { width: 0, frames: 0 };
    for (const entry of (await state.connection.getStats()).values()) {
      if (entry.type !== "inbound-rtp" || entry.kind !== "video") continue;
      const frames = entry.framesDecoded ?? 0;
      if (frames >= found.frames) found = { width: entry.frameWidth ?? 0, frames };
    }
    return found;
  },
  tone() {
    const entry = state.elements.audio;
    if (!entry) return 0;
    const bins = new Float32Array(entry.analyser.frequencyBinCount);
    entry.analyser.getFloatFrequencyData(bins);
    let best = 0;
    bins.forEach((level, index) => { if (level > bins[best]) best = index; });
    return bins[best] > -60 ? (best * 48000) / 4096 : 0;
  },
  /** For whoever looks for the cause of a failure. */
  async told() {
    const wanted = ["transport", "candidate-pair", "inbound-rtp", "outbound-rtp"];
    return [...(await state.connection.getStats()).values()].filter(({ type }) => wanted.includes(type));
  },
  close: () => state.connection.close(),
};
