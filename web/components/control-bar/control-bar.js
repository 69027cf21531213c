// <control-bar>: everything one does in a room. Needs `meeting` and `media`; asks for dialogs by "open-dialog".

import { h } from "../../html.js";
import { icon } from "../../icons.js";
import { msg } from "../../i18n.js";
import { setTool, toolButton } from "../buttons.js";
import { Component } from "../component.js";

customElements.define("control-bar", class extends Component {
  build(signal) {
    const { meeting, media } = this;
    this.setAttribute("role", "group");
    this.dataset.testid = "controls";
    const tool = (name, testid, onClick, rest = {}) => {
      const caption = msg(`control.${name}`);
      return toolButton({ icon: name, caption, label: caption, testid, onClick, ...rest });
    };
    this.microphone = tool("microphone", "toggle-microphone", () => meeting.toggleMicrophone());
    this.camera = tool("camera", "toggle-camera", () => meeting.toggleCamera());
    this.screen = tool("screen", "toggle-screen", () => meeting.toggleScreen());
    this.people = tool("people", "toggle-people", () => meeting.openPanel("people"));
    this.chat = tool("chat", "toggle-chat", () => meeting.openPanel("chat"));
    this.badge = h("span", { class: "badge", "data-testid": "unread", hidden: true, "aria-hidden": "true" });
    this.chat.append(this.badge);
    this.count = h("span", { class: "count", "aria-hidden": "true" });
    this.people.append(this.count);
    this.screen.hidden = !media.screenSupported;
    const leave = tool("leave", "leave", () => meeting.leave(), { class: "leave" });
    this.append(
      h("div", { class: "tools" }, this.microphone, this.camera, this.screen),
      h("div", { class: "tools" }, this.people, this.chat, ...this.#more()),
      h("div", { class: "tools apart" }, leave),
    );
    const keys = ["local", "participants", "self", "panel", "unread", "link"];
    meeting.store.watch(keys, (state) => this.#refresh(state), signal);
    media.addEventListener("change", () => this.#refresh(meeting.store.state), { signal });
  }

  #refresh({ local, participants, self, panel, unread }) {
    const { media } = this;
    const heard = local.microphone && Boolean(media.tracks.microphone);
    // Off is what the server enforces: until it has said so, it is on its way.
    const confirmed = participants.find(({ id }) => id === self)?.media.microphone ?? heard;
    const pending = heard !== confirmed;
    const seen = Boolean(media.tracks.camera);
    setTool(this.microphone, {
      icon: heard ? "microphone" : "microphone-off", state: pending ? "pending" : heard ? "on" : "off",
      label: msg(pending ? `control.${heard ? "unmuting" : "muting"}` : heard ? "control.mute" : "control.unmute"),
      "aria-busy": String(pending), "data-problem": media.errors.microphone ?? false,
    });
    setTool(this.camera, {
      icon: seen ? "camera" : "camera-off", state: seen ? "on" : "off",
      label: msg(seen ? "control.camera-stop" : "control.camera-start"),
      "data-problem": media.errors.camera ?? false,
    });
    setTool(this.screen, {
      icon: local.screen ? "screen-stop" : "screen", state: local.screen ? "on" : "off",
      label: msg(local.screen ? "control.screen-stop" : "control.screen-start"),
      caption: msg(local.screen ? "control.screen-end" : "control.screen"),
    });
    setTool(this.people, {
      label: msg("control.people-label", { count: participants.length }), state: panel === "people" ? "open" : "closed",
      "aria-expanded": String(panel === "people"),
    });
    setTool(this.chat, {
      label: unread > 0 ? msg("control.chat-unread", { count: unread }) : msg("control.chat-open"),
      state: panel === "chat" ? "open" : "closed", "aria-expanded": String(panel === "chat"),
    });
    this.count.textContent = String(participants.length);
    this.badge.textContent = unread > 99 ? "99+" : String(unread);
    this.badge.hidden = unread === 0;
  }

  #more() {
    const menu = h("div", { class: "menu", id: "more-menu", popover: "auto", "data-testid": "more-menu" });
    const ask = (type, detail) => {
      menu.hidePopover();
      this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
    };
    const item = (name, label, testid, run, rest = {}) =>
      h("button", { type: "button", class: "menu-item", "data-testid": testid, on: { click: run }, ...rest },
        icon(name), h("span", {}, msg(label)));
    menu.append(
      item("people", "control.people", "menu-people", () => {
        menu.hidePopover();
        this.meeting.openPanel("people");
      }, { class: "menu-item phone-only" }),
      item("link", "room.copy", "menu-copy", () => ask("copy-link")),
      item("bars", "figures.title", "menu-figures", () => {
        menu.hidePopover();
        this.meeting.toggleFigures();
      }),
      item("settings", "settings.title", "settings", () => ask("open-dialog", "settings")),
      item("keyboard", "help.title", "help", () => ask("open-dialog", "help")),
    );
    const button = toolButton({
      icon: "more", caption: msg("control.more"), label: msg("control.more"), testid: "more", onClick: () => {},
      popovertarget: "more-menu", "aria-expanded": "false",
    });
    menu.addEventListener("toggle", ({ newState }) => {
      button.setAttribute("aria-expanded", String(newState === "open"));
      if (newState === "open") placeAbove(menu, button);
    });
    return [button, menu];
  }
});

/** A popover stands in the top layer and is placed by hand where anchors are not known. */
function placeAbove(menu, button) {
  const box = button.getBoundingClientRect();
  const centred = box.left + box.width / 2 - menu.offsetWidth / 2;
  const left = Math.min(innerWidth - menu.offsetWidth - 8, Math.max(8, centred));
  menu.style.setProperty("left", `${left}px`);
  menu.style.setProperty("bottom", `${innerHeight - box.top + 10}px`);
  [...menu.querySelectorAll("button")].find((item) => item.checkVisibility())?.focus();
}
