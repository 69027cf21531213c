// Line icons on a 24-unit grid, drawn with the current colour.

const shapes = {
  microphone: ["M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3Z", "M5.5 11a6.5 6.5 0 0 0 13 0", "M12 17.5v3"],
  "microphone-off": [
    "M15 10V6.5a3 3 0 0 0-5.7-1.3", "M9 9v2.5a3 3 0 0 0 4.6 2.5",
    "M5.5 11a6.5 6.5 0 0 0 10.3 5.3", "M18.5 11a6.4 6.4 0 0 1-.6 2.7", "M12 17.5v3", "M4 4l16 16"],
  camera: ["M5.5 6.5h8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Z", "M15.5 10.6l5-2.6v8l-5-2.6"],
  "camera-off": [
    "M10 6.5h3.5a2 2 0 0 1 2 2v2.1l5-2.6v8l-2-1", "M15.2 16.4a2 2 0 0 1-1.7 1.1h-8a2 2 0 0 1-2-2v-7a2 2 0 0 1 1.6-1.9",
    "M4 4l16 16"],
  screen: ["M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 15V6A1.5 1.5 0 0 1 5 4.5Z",
    "M8.5 20h7", "M12 13.5V8", "M9.5 10.2L12 7.7l2.5 2.5"],
  "screen-stop": ["M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 15V6A1.5 1.5 0 0 1 5 4.5Z",
    "M8.5 20h7", "M9.8 8.3l4.4 4.4", "M14.2 8.3l-4.4 4.4"],
  people: ["M9 4.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z", "M3 19.5c.3-3.6 2.7-5.6 6-5.6s5.7 2 6 5.6",
    "M15.5 5a3 3 0 0 1 0 5.6", "M17.5 14.3c2.1.7 3.3 2.5 3.5 5.2"],
  chat: ["M6 4.5h12a2.5 2.5 0 0 1 2.5 2.5v7a2.5 2.5 0 0 1-2.5 2.5h-6.5L7 20.3v-3.8H6A2.5 2.5 0 0 1 3.5 14V7A2.5 2.5 0 0 1 6 4.5Z",
    "M8 9h8", "M8 12.3h5"],
  more: ["M12 5.5h.01", "M12 12h.01", "M12 18.5h.01"],
  settings: ["M4 7.5h8", "M17 7.5h3", "M14.5 5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z",
    "M4 16.5h3", "M12 16.5h8", "M9.5 14a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z"],
  help: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z", "M9.6 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.7", "M12 16.5h.01"],
  keyboard: ["M5 6.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 16V8A1.5 1.5 0 0 1 5 6.5Z",
    "M7 10h.01", "M10.3 10h.01", "M13.7 10h.01", "M17 10h.01", "M8.5 14h7"],
  link: ["M10 14.2a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2", "M14 9.8a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"],
  leave: ["M3.6 14.8c-.9-1.5-.7-3.3.6-4.3 4.6-3.3 11-3.3 15.6 0 1.3 1 1.5 2.8.6 4.3-.4.6-1.1.9-1.8.7l-2.5-.7a1.5 1.5 0 0 1-1.1-1.4v-1.3a11.5 11.5 0 0 0-6 0v1.3a1.5 1.5 0 0 1-1.1 1.4l-2.5.7c-.7.2-1.4-.1-1.8-.7Z"],
  bars: ["M5 19.5v-4", "M9.7 19.5v-7", "M14.3 19.5v-10", "M19 19.5v-13"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  send: ["M4 12L20 4.5l-5 15.5-3.6-6.3L4 12Z", "M11.4 13.7L20 4.5"],
  pin: ["M9 4h6l-.7 5.5 3.2 3.5h-11l3.2-3.5L9 4Z", "M12 13v7"],
  speaker: ["M4 9.5h3.5L12 5.5v13l-4.5-4H4v-5Z", "M15.5 9.2a4 4 0 0 1 0 5.6", "M18 6.7a7.5 7.5 0 0 1 0 10.6"],
  warning: ["M12 4l9 15.5H3L12 4Z", "M12 10v4", "M12 16.8h.01"],
  info: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z", "M12 11v5", "M12 8h.01"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  headphones: ["M4.5 15v-3a7.5 7.5 0 0 1 15 0v3", "M4.5 14h2.5v6H6a1.5 1.5 0 0 1-1.5-1.5V14Z", "M19.5 14H17v6h1a1.5 1.5 0 0 0 1.5-1.5V14Z"],
  arrow: ["M5 12h14", "M13 6l6 6-6 6"],
  again: ["M19.5 12a7.5 7.5 0 1 1-2.3-5.400L19.5 9", "M19.5 4.5V9H15"],
  play: ["M8 5.5v13l10.5-6.5L8 5.5Z"],
  plus: ["M12 5v14", "M5 12h14"],
};

/**
 * An icon, hidden from assistive technology: the control that holds it has the label.
 * @param {keyof typeof shapes} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  setIcon(svg, name);
  return svg;
}

/** Redraws an icon as another one. */
export function setIcon(svg, name) {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  svg.replaceChildren(...shapes[name].map((data) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", data);
    return path;
  }));
}
