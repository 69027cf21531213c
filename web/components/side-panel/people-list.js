// <people-list>: who is here, whether they are heard and seen, and a pin for each. Needs `meeting`.

import { h, setAttribute, setText } from "../../html.js";
import { icon, setIcon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { sentenceAboutOther } from "../../quality.js";
import { avatar } from "../avatar.js";
import { Component } from "../component.js";
import { qualityBars, showQuality } from "../quality-bars.js";

customElements.define("people-list", class extends Component {
  #rows = new Map();

  build(signal) {
    this.#rows.clear();
    this.list = h("ul", { class: "people", role: "list", tabindex: 0, "aria-label": msg("panel.people") });
    const invite = () => this.dispatchEvent(new CustomEvent("copy-link", { bubbles: true }));
    this.append(this.list, h("div", { class: "panel-foot" },
      h("button", { type: "button", class: "secondary wide", "data-testid": "invite", on: { click: invite } },
        icon("link"), h("span", {}, msg("room.copy")))));
    this.meeting.store.watch(["participants", "speakers", "pinned", "self", "quality", "weak"], (state) => this.#refresh(state), signal);
  }

  #refresh({ participants, speakers, pinned, self, quality, weak }) {
    const present = new Set(participants.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    participants.forEach((participant, index) => {
      const { id, name, media } = participant;
      const row = this.#rows.get(id) ?? this.#create(participant);
      this.#rows.set(id, row);
      const inPlace = this.list.children[index] ?? null;
      if (inPlace !== row.element) this.list.insertBefore(row.element, inPlace);
      setText(row.name, id === self ? msg("tile.you", { name }) : name);
      row.element.dataset.speaking = String(speakers.includes(id) && media.microphone);
      showQuality(row.bars, quality[id]);
      const sentence = id === self ? weak : sentenceAboutOther(quality[id]);
      row.sentence.hidden = sentence === null;
      setText(row.sentence, sentence === null ? "" : msg(sentence, { name }));
      sign(row.microphone, "microphone", media.microphone);
      sign(row.camera, "camera", media.camera);
      const isPinned = pinned === `${id}/camera`;
      setAttribute(row.pin, "aria-pressed", String(isPinned));
      const label = msg(isPinned ? "people.unpin" : "people.pin", { name });
      setAttribute(row.pin, "aria-label", label);
      setAttribute(row.pin, "title", label);
    });
  }

  #create({ id, name }) {
    const row = {
      name: h("span", { class: "person-name" }),
      bars: qualityBars(),
      sentence: h("span", { class: "person-quality", hidden: true }),
      microphone: h("span", { class: "sign", role: "img" }, icon("microphone")),
      camera: h("span", { class: "sign", role: "img" }, icon("camera")),
      pin: h("button", {
        type: "button", class: "icon-button", "data-testid": "pin",
        on: { click: () => this.meeting.pin(`${id}/camera`) },
      }, icon("pin")),
    };
    row.element = h("li", { class: "person", "data-participant": id, "data-testid": "person" },
      avatar(name), h("div", { class: "person-text" }, row.name, row.sentence), row.bars, row.microphone, row.camera, row.pin);
    return row;
  }
});

function sign(element, kind, on) {
  element.dataset.state = on ? "on" : "off";
  setIcon(element.firstElementChild, on ? kind : `${kind}-off`);
  setAttribute(element, "aria-label", msg(`people.${kind}-${on ? "on" : "off"}`));
}
