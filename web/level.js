// How loud a microphone is, for the eye; and a tone for the ear.

let shared = null;

const context = () => (shared ??= new AudioContext());

export class Meter {
  #stopped = false;
  #source;
  #analyser;

  /** @param {MediaStreamTrack} track @param {(level: number) => void} show gets 0 to 1, each frame */
  constructor(track, show) {
    this.track = track;
    const audio = context();
    audio.resume().catch(() => {});
    this.#source = audio.createMediaStreamSource(new MediaStream([track]));
    this.#analyser = audio.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#source.connect(this.#analyser);
    const samples = new Float32Array(this.#analyser.fftSize);
    let shown = 0;
    const frame = () => {
      if (this.#stopped) return;
      if (audio.state === "suspended" && navigator.userActivation?.hasBeenActive) audio.resume().catch(() => {});
      this.#analyser.getFloatTimeDomainData(samples);
      shown = Math.max(level(samples), shown * 0.88);
      show(track.enabled ? shown : 0);
      requestAnimationFrame(frame);
    };
    frame();
  }

  close() {
    this.#stopped = true;
    this.#source.disconnect();
  }
}

/** Two soft notes on the chosen speaker. */
export async function playTone(speaker) {
  const audio = new AudioContext();
  if (speaker) await audio.setSinkId?.(speaker).catch(() => {});
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0, audio.currentTime);
  [523.25, 659.25].forEach((frequency, index) => {
    const start = audio.currentTime + index * 0.35;
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    volume.gain.linearRampToValueAtTime(0.2, start + 0.03);
    volume.gain.linearRampToValueAtTime(0, start + 0.33);
    note.start(start);
    note.stop(start + 0.35);
  });
  setTimeout(() => audio.close(), 1500);
}

/** Loudness from −60 dB to 0 dB as 0 to 1. */
function level(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-10);
  return Math.min(1, Math.max(0, (decibels + 60) / 54));
}
