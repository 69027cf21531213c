// Starts the client: language, theme, and which page the address means.

import { codecs } from "./encodings.js";
import { h } from "./html.js";
import { missingKeys, msg, preferredLanguage, setLanguage, t } from "./i18n.js";
import { LocalMedia } from "./media.js";
import { Meeting } from "./meeting.js";
import { pathOf, roomOfLocation } from "./room-names.js";
import { applyTheme } from "./theme.js";
import "./components/start-page/start-page.js";
import "./components/join-page/join-page.js";
import "./components/left-page/left-page.js";

const app = document.querySelector("#app");
let leaving = new AbortController();

await setLanguage(preferredLanguage());
applyTheme();
document.addEventListener("language-changed", title);
addEventListener("popstate", route);
document.addEventListener("open-room", ({ detail }) => {
  history.pushState(null, "", pathOf(detail.room));
  route();
});
document.addEventListener("open-start", () => {
  history.pushState(null, "", "/");
  route();
});
route();

function route() {
  leaving.abort();
  leaving = new AbortController();
  const { meeting: previous, media: previousMedia } = window.jumpa ?? {};
  if (previous?.store.state.phase === "room" || previous?.store.state.phase === "joining") previous.leave();
  previousMedia?.closeAll();
  const room = roomOfLocation(location);
  window.jumpa = { missingKeys };
  if (room === null) show(h("start-page"));
  else openRoom(room, leaving.signal);
  title();
}

/** Shows the page that belongs to the meeting's phase, whenever that changes. */
function openRoom(room, signal) {
  const media = new LocalMedia();
  const wanted = new URLSearchParams(location.search).get("codec")?.toLowerCase();
  const meeting = new Meeting({ room, media, codec: codecs.find((codec) => codec === wanted) });
  window.jumpa = {
    missingKeys, meeting, media, store: meeting.store,
    get pc() {
      return meeting.call?.pc ?? null;
    },
  };
  meeting.store.watch(["phase"], async ({ phase }) => {
    if (phase === "joining" && app.firstElementChild?.localName === "join-page") return;
    if (phase === "room") await import("./components/meeting-room/meeting-room.js");
    if (signal.aborted || meeting.store.state.phase !== phase) return;
    const tag = { lobby: "join-page", joining: "join-page", room: "meeting-room" }[phase] ?? "left-page";
    if (app.firstElementChild?.localName !== tag) show(Object.assign(h(tag), { meeting, media }));
  }, signal);
  meeting.store.watch(["unread", "phase"], title, signal);
}

function show(page) {
  app.replaceChildren(page);
  scrollTo(0, 0);
}

function title() {
  const { room, unread } = window.jumpa?.store?.state ?? {};
  const name = room ? t("title.room", { room }) : t("title.start");
  document.title = unread ? `(${unread}) ${name}` : name;
  document.querySelector("meta[name=description]").content = String(msg("start.lead"));
}

// The room's code is fetched while the person looks into the mirror; if that fails, it is fetched on entering.
const fetchRoom = () => import("./components/meeting-room/meeting-room.js").catch(() => {});
if (roomOfLocation(location) !== null) fetchRoom();
else globalThis.requestIdleCallback?.(fetchRoom);
