// <audio-outlet>: plays every received sound on the chosen speaker. Needs `meeting` and `media`.

import { h } from "../../html.js";
import { msg } from "../../i18n.js";
import { Component } from "../component.js";

customElements.define("audio-outlet", class extends Component {
  #players = new Map();

  build(signal) {
    this.hidden = true;
    this.#players.clear();
    this.meeting.store.watch(["received"], ({ received }) => this.#refresh(received), signal);
    this.media.addEventListener("change", () => this.#route(), { signal });
    signal.addEventListener("abort", () => {
      for (const player of this.#players.values()) player.srcObject = null;
    });
  }

  #refresh(received) {
    const sounds = received.filter(({ stream }) => stream.getAudioTracks().length > 0);
    const mids = new Set(sounds.map(({ mid }) => mid));
    for (const [mid, player] of this.#players) {
      if (mids.has(mid)) continue;
      player.srcObject = null;
      player.remove();
      this.#players.delete(mid);
    }
    for (const { mid, userId, source, stream } of sounds) {
      let player = this.#players.get(mid);
      if (!player) {
        player = h("audio", { autoplay: true, "data-testid": "sound", "data-mid": mid });
        this.#players.set(mid, player);
        this.append(player);
      }
      Object.assign(player.dataset, { participant: userId, source });
      if (player.srcObject === stream) continue;
      player.srcObject = stream;
      this.#play(player);
    }
    this.#route();
  }

  #route() {
    const speaker = this.media.chosen.speaker ?? "";
    for (const player of this.#players.values()) {
      if (player.setSinkId && player.sinkId !== speaker) player.setSinkId(speaker).catch(() => {});
    }
  }

  async #play(player) {
    try {
      await player.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return;
      this.meeting.notices.show({
        id: "sound", level: "warning", message: msg("notice.sound-blocked"), time: 0,
        action: { label: msg("notice.sound-on"), run: () => this.#unblock() },
      });
    }
  }

  #unblock() {
    this.meeting.notices.dismiss("sound");
    for (const player of this.#players.values()) this.#play(player);
  }
});
