// <call-figures>: what flows, in figures, over the stage. Read by who looks for it, never announced. Needs `meeting`.

import { h, setText } from "../../html.js";
import { icon } from "../../icons.js";
import { language, msg } from "../../i18n.js";
import { Component } from "../component.js";

const columns = ["who", "picture", "codec", "bitrate", "loss", "jitter", "round-trip", "layer"];
const order = ["f", "h", "q"];
const layerNames = { f: "whole", h: "half", q: "quarter" };
const none = "–";

customElements.define("call-figures", class extends Component {
  build(signal) {
    this.hidden = true;
    this.dataset.testid = "figures";
    this.setAttribute("role", "region");
    this.setAttribute("aria-labelledby", "figures-title");
    const { store } = this.meeting;
    store.watch(["figures"], ({ figures }) => this.#open(figures), signal);
    store.watch(["statistics", "received", "participants"], () => this.#refresh(), signal);
    document.addEventListener("language-changed", () => this.#refresh(), { signal });
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.meeting.toggleFigures();
    }, { signal });
  }

  #open(figures) {
    const hadFocus = this.contains(document.activeElement);
    if (this.hidden === !figures) return;
    this.hidden = !figures;
    this.replaceChildren();
    if (!figures) {
      if (hadFocus) document.querySelector("[data-testid=more]")?.focus();
      return;
    }
    const title = h("h2", { id: "figures-title", tabindex: -1 }, msg("figures.title"));
    this.paths = h("p", { class: "figures-paths" });
    this.received = table("figures.received");
    this.sent = table("figures.sent");
    this.empty = h("p", { class: "figures-empty" }, msg("figures.nothing"));
    this.append(
      h("header", {}, title, h("button", {
        type: "button", class: "icon-button", "data-testid": "close-figures", "aria-label": msg("figures.close"),
        title: msg("figures.close"), on: { click: () => this.meeting.toggleFigures() },
      }, icon("close"))),
      h("div", { class: "figures-body", tabindex: 0, role: "group", "aria-label": msg("figures.title") },
        this.paths, this.received, this.empty, this.sent));
    this.#refresh();
    title.focus({ preventScroll: true });
  }

  #refresh() {
    const { statistics, received, participants, quality, self } = this.meeting.store.state;
    if (this.hidden || !statistics) return;
    const names = new Map(participants.map(({ id, name }) => [id, name]));
    const slots = new Map(received.map((slot) => [slot.mid, slot]));
    const incoming = statistics.received.filter(({ mid }) => slots.has(mid)).map((stream) => {
      const { userId, source } = slots.get(stream.mid);
      return { stream, key: `${userId}/${source}`, who: whose(names.get(userId) ?? "", source) };
    });
    const layers = new Map((quality[self]?.down?.details?.layers ?? []).map((layer) => [String(layer.mid), layer]));
    const roundTrip = quality[self]?.down?.details?.roundTrip ?? statistics.path.roundTrip;
    fill(this.received, incoming.map((row) => [row, receivedCells(row.stream, roundTrip, layers.get(row.stream.mid))]));
    this.received.hidden = incoming.length === 0;
    this.empty.hidden = incoming.length > 0;
    const outgoing = statistics.sent.filter(({ source }) => source !== null)
      .sort((a, b) => order.indexOf(a.rid) - order.indexOf(b.rid))
      .map((stream) => ({ stream, key: `${stream.source}/${stream.rid ?? ""}`, who: msg(`figures.${stream.source}`) }));
    fill(this.sent, outgoing.map((row) => [row, sentCells(row.stream)]));
    this.sent.hidden = outgoing.length === 0;
    this.paths.replaceChildren(...paths(statistics.path, quality[self], roundTrip));
  }
});

/** The whole of both directions. */
function paths({ up, upUsed, downUsed }, own, roundTrip) {
  const line = (side, used, possible) => h("span", {}, possible > 0
    ? msg(`figures.${side}`, { used: rate(used), possible: rate(possible) }) : msg(`figures.${side}-alone`, { used: rate(used) }));
  return [
    line("up", upUsed, up ?? own?.up?.details?.target), line("down", downUsed, own?.down?.details?.target),
    h("span", {}, msg("figures.path", { time: time(roundTrip) })),
  ];
}

function receivedCells({ kind, width, height, frameRate, codec, bitrate, loss, jitter }, roundTrip, layer) {
  return [
    picture(kind, width, height, frameRate), codec || none, rate(bitrate), share(loss), time(jitter), time(roundTrip),
    (layer && receivedLayer(layer)) || none,
  ];
}

/** Which size, and of how many sizes and frame rates within the stream: as `half T2/3`. */
function receivedLayer({ rid, size, sizes, rate: place, rates }) {
  const parts = [
    layerNames[rid] && msg(`figures.${layerNames[rid]}`), sizes > 1 && `S${size}/${sizes}`, rates > 1 && `T${place}/${rates}`,
  ];
  return parts.filter(Boolean).map(String).join(" ");
}

function sentCells({ kind, width, height, frameRate, rid, mode, active, codec, bitrate, loss, jitter, roundTrip }) {
  const size = /^L[23]/.test(mode) ? null : msg(`figures.${layerNames[rid] ?? "whole"}`);
  const layer = [rid && (active ? size : msg("figures.resting")), mode];
  return [
    picture(kind, width, height, frameRate), codec || none, rate(bitrate), share(loss), time(jitter), time(roundTrip),
    layer.filter(Boolean).map(String).join(" ") || none,
  ];
}

/** Roles are said, since narrow screens show rows as blocks. */
function table(title) {
  const shown = columns.map((column) => h("th", { scope: "col", role: "columnheader", class: column }, msg(`figures.${column}`)));
  return h("table", { role: "table" }, h("caption", {}, msg(title)),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...shown)), h("tbody", { role: "rowgroup" }));
}

/** Puts rows into a table, keeping those that are there: whoever reads one loses nothing. */
function fill(shown, rows) {
  const body = shown.tBodies[0];
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  rows.forEach(([{ key, who, stream }, cells], index) => {
    const row = known.get(key) ?? h("tr", { role: "row", "data-key": key, "data-testid": "figures-row" },
      h("th", { scope: "row", role: "rowheader" }), ...cells.map((_, column) => h("td", {
        role: "cell", class: columns[column + 1], "data-label": msg(`figures.${columns[column + 1]}`),
      })));
    known.delete(key);
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] ?? null);
    row.dataset.height = String(stream.height ?? "");
    setText(row.cells[0], who);
    cells.forEach((cell, column) => setText(row.cells[column + 1], cell));
  });
  for (const row of known.values()) row.remove();
}

function whose(name, source) {
  if (source === "screen") return msg("tile.screen", { name });
  return source === "camera" ? name : msg("figures.sound", { name });
}

const number = (value, digits, options = {}) =>
  new Intl.NumberFormat(language(), { maximumFractionDigits: digits, ...options }).format(value);

const picture = (kind, width, height, frameRate) =>
  (kind === "video" && width ? `${width}×${height} · ${number(frameRate, 0)}/s` : none);

const rate = (value) => (value >= 1_000_000 ? `${number(value / 1_000_000, 1)} Mbit/s` : `${number(value / 1000, 0)} kbit/s`);

const share = (value) => number(value, 1, { style: "percent" });

const time = (value) => (Number.isFinite(value) ? `${number(value, 0)} ms` : none);
