// An AudioWorklet that tells when a tone falls silent and when it is heard again, to a hundredth of a second.
// Silent is what is 20 dB below the tone that participants send: a whisper of concealment is no sound.
const threshold = 0.02;

registerProcessor("sound-gaps", class extends AudioWorkletProcessor {
  #quiet = true;
  #changes = [];
  #sum = 0;
  #count = 0;
  #level = 0;
  #windows = 0;

  constructor() {
    super();
    this.#changes.push({ time: currentTime, quiet: true });
  }

  process([input]) {
    const samples = input[0];
    if (samples) for (const sample of samples) this.#sum += sample * sample;
    this.#count += 128;
    if (this.#count < sampleRate / 100) return true;
    this.#level = Math.sqrt(this.#sum / this.#count);
    const quiet = this.#level < threshold;
    if (quiet !== this.#quiet) this.#changes.push({ time: currentTime - (quiet ? this.#count / sampleRate : 0), quiet });
    this.#quiet = quiet;
    this.#sum = this.#count = 0;
    if (++this.#windows % 10 === 0) {
      this.port.postMessage({ time: currentTime, level: this.#level, changes: this.#changes });
      this.#changes = [];
    }
    return true;
  }
});
