// Runs before the page: a camera of one colour with a moving bar, a microphone with one tone, and instruments
// that measure what arrives. `window.__probe` is set by the test: {hue, tone, camera, screen}; a camera or screen is
// {width, height, rate, detail, fine}, where detail above 0 gives the encoder something to do, and `fine` a corner like print.
(() => {
  const settings = window.__probe ?? { hue: 0, tone: 440 };
  // Blotches that no motion vector finds again.
  const blotches = (width, height) => Array.from({ length: 6 }, () => {
    const grain = Object.assign(document.createElement("canvas"), { width: width / 16, height: height / 16 });
    const draw = grain.getContext("2d");
    const image = draw.createImageData(grain.width, grain.height);
    for (let index = 0; index < image.data.length; index += 4) {
      image.data.fill(Math.random() * 255, index, index + 3);
      image.data[index + 3] = 255;
    }
    draw.putImageData(image, 0, 0);
    return grain;
  });

  // Black and white by turns, two pixels each: as fine as print.
  const pattern = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
    const draw = canvas.getContext("2d");
    for (let x = 0; x < 128; x += 2) {
      for (let y = 0; y < 128; y += 2) {
        draw.fillStyle = Math.random() < 0.5 ? "black" : "white";
        draw.fillRect(x, y, 2, 2);
      }
    }
    return canvas;
  };

  const canvasTrack = ({ width, height, rate = 20, detail = 0, fine = false }, hue) => {
    const print = fine ? pattern() : null;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const draw = canvas.getContext("2d");
    const grains = detail > 0 ? blotches(width, height) : [];
    let frame = 0;
    const paint = () => {
      draw.fillStyle = `hsl(${hue} 90% 45%)`;
      draw.fillRect(0, 0, width, height);
      if (detail > 0) {
        draw.globalAlpha = detail;
        draw.drawImage(grains[frame % grains.length], 0, 0, width, height);
        draw.globalAlpha = 1;
      }
      draw.fillStyle = "white";
      draw.fillRect((frame++ * 7) % width, 0, 12, height / 8);
      if (print) draw.drawImage(print, 0, height - print.height);
    };
    paint();
    const timer = setInterval(paint, 1000 / rate);
    const [track] = canvas.captureStream(rate).getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => { clearInterval(timer); stop(); };
    return track;
  };

  let audio;
  const context = () => {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    return audio;
  };
  const toneTrack = (tone) => {
    const oscillator = new OscillatorNode(context(), { frequency: tone });
    const gain = new GainNode(context(), { gain: 0.3 });
    const destination = context().createMediaStreamDestination();
    oscillator.connect(gain).connect(destination);
    oscillator.start();
    return destination.stream.getAudioTracks()[0];
  };

  if (settings.fake !== false && navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = async ({ audio: wantsAudio, video }) => {
      const stream = new MediaStream();
      if (wantsAudio) stream.addTrack(toneTrack(settings.tone));
      if (video) stream.addTrack(canvasTrack(settings.camera ?? { width: 640, height: 360 }, settings.hue));
      return stream;
    };
    navigator.mediaDevices.getDisplayMedia = async () => {
      const stream = new MediaStream();
      stream.addTrack(canvasTrack(settings.screen ?? { width: 1280, height: 720 }, (settings.hue + 180) % 360));
      return stream;
    };
  }

  const listeners = new WeakMap();
  const analyser = (stream) => {
    if (!listeners.has(stream)) {
      const node = new AnalyserNode(context(), { fftSize: 16384, smoothingTimeConstant: 0 });
      new MediaStreamAudioSourceNode(context(), { mediaStream: stream }).connect(node);
      listeners.set(stream, node);
    }
    return listeners.get(stream);
  };

  // Firefox counts no frames at the element, so the decoder is asked, and its answer kept for synchronous reading.
  const decoded = new Map();
  setInterval(async () => {
    const pc = window.jumpa?.pc;
    if (!pc || pc.signalingState === "closed") return;
    for (const report of (await pc.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "video") decoded.set(report.trackIdentifier, report.framesDecoded ?? 0);
    }
  }, 100);

  window.probe = {
    /** The loudest frequency in Hz and its level in dB of the sound of a participant. */
    tone(participant, source = "microphone") {
      const player = document.querySelector(
        `audio[data-testid=sound][data-participant="${participant}"][data-source="${source}"]`);
      if (!player?.srcObject) return null;
      const node = analyser(player.srcObject);
      const bins = new Float32Array(node.frequencyBinCount);
      node.getFloatFrequencyData(bins);
      let best = 1;
      for (let index = 2; index < bins.length; index++) if (bins[index] > bins[best]) best = index;
      return { frequency: (best * audio.sampleRate) / node.fftSize, level: bins[best] };
    },
    /** What a tile shows: size, frames so far, and the hue of its middle. */
    picture(participant, source = "camera") {
      const video = document.querySelector(
        `video-tile[data-participant="${participant}"][data-source="${source}"] video`);
      if (!video || !video.videoWidth) return null;
      const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
      const draw = canvas.getContext("2d", { willReadFrequently: true });
      draw.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
      const [red, green, blue] = draw.getImageData(0, 0, 1, 1).data;
      return {
        width: video.videoWidth, height: video.videoHeight,
        frames: decoded.get(video.srcObject?.getVideoTracks()[0]?.id) ?? 0, hue: hueOf(red, green, blue),
      };
    },
    /** Frames decoded over all received pictures. */
    framesDecoded: () => [...decoded.values()].reduce((sum, frames) => sum + frames, 0),
  };

  function hueOf(red, green, blue) {
    const largest = Math.max(red, green, blue);
    const spread = largest - Math.min(red, green, blue);
    if (spread === 0) return -1;
    if (largest === red) return ((green - blue) / spread * 60 + 360) % 360;
    return largest === green ? (blue - red) / spread * 60 + 120 : (red - green) / spread * 60 + 240;
  }
})();
