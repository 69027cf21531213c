// Runs before the page, after media.js: a drawn person in a drawn room for a camera. `window.__portrait` says who.
(() => {
  const who = window.__portrait;
  const width = 960, height = 540;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const draw = canvas.getContext("2d");
  const fill = (colour, path) => {
    draw.fillStyle = colour;
    draw.beginPath();
    path();
    draw.fill();
  };
  const ellipse = (colour, x, y, across, down, turn = 0) =>
    fill(colour, () => draw.ellipse(x, y, across, down, turn, 0, Math.PI * 2));
  const box = (colour, x, y, wide, high, round = 0) => fill(colour, () => draw.roundRect(x, y, wide, high, round));
  const gradient = (from, to, colours) => {
    const made = draw.createLinearGradient(...from, ...to);
    colours.forEach((colour, index) => made.addColorStop(index / (colours.length - 1), colour));
    return made;
  };
  const line = (colour, wide, path) => {
    Object.assign(draw, { strokeStyle: colour, lineWidth: wide, lineCap: "round", lineJoin: "round" });
    draw.beginPath();
    path();
    draw.stroke();
  };

  const plant = (x, y, size, colour) => {
    for (const turn of [-1.05, -0.55, -0.1, 0.4, 0.9]) {
      draw.save();
      draw.translate(x, y);
      draw.rotate(turn);
      ellipse(colour, 0, -size * 0.55, size * 0.16, size * 0.55);
      line("#ffffff30", 2, () => { draw.moveTo(0, -size * 0.1); draw.lineTo(0, -size); });
      draw.restore();
    }
    fill("#c9724e", () => {
      draw.moveTo(x - size * 0.3, y - 6);
      draw.lineTo(x + size * 0.3, y - 6);
      draw.lineTo(x + size * 0.22, y + size * 0.5);
      draw.lineTo(x - size * 0.22, y + size * 0.5);
    });
    box("#b5613f", x - size * 0.34, y - 10, size * 0.68, 18, 4);
  };
  const books = (x, y, colours) => {
    let left = x;
    colours.forEach((colour, index) => {
      const wide = 20 + ((index * 7) % 13), high = 74 + ((index * 29) % 34);
      box(colour, left, y - high, wide, high, 3);
      box("#ffffff40", left + 4, y - high + 12, wide - 8, 5, 2);
      left += wide + 3;
    });
  };

  const scenes = {
    // A window over hills in the evening.
    window() {
      draw.fillStyle = gradient([0, 0], [0, height], ["#f3d9c4", "#e3b99d"]);
      draw.fillRect(0, 0, width, height);
      box("#fff6ea", 70, 44, 300, 300, 10);
      draw.save();
      draw.beginPath();
      draw.roundRect(86, 60, 268, 268, 4);
      draw.clip();
      draw.fillStyle = gradient([0, 60], [0, 330], ["#f7a072", "#fbd38d", "#fdeec8"]);
      draw.fillRect(86, 60, 268, 268);
      ellipse("#fff3d0", 262, 172, 34, 34);
      ellipse("#8a6f9e", 140, 345, 150, 105);
      ellipse("#6d5a8d", 320, 360, 170, 110);
      draw.restore();
      box("#fff6ea", 214, 60, 12, 268);
      box("#fff6ea", 86, 186, 268, 12);
      plant(832, 420, 132, "#4d8b6a");
      box("#a9714f", 690, 486, 270, 54);
    },
    // A wall of books.
    books() {
      draw.fillStyle = gradient([0, 0], [width, height], ["#23505a", "#173841"]);
      draw.fillRect(0, 0, width, height);
      for (const y of [170, 330, 490]) box("#0f2a31", 0, y, width, 14);
      books(24, 170, ["#e0a458", "#d3654f", "#f1e3c6", "#7fb7a4", "#e0a458", "#c9d6c2", "#d3654f"]);
      books(690, 170, ["#7fb7a4", "#f1e3c6", "#d3654f", "#e0a458", "#94c1c8", "#f1e3c6", "#7fb7a4"]);
      books(18, 330, ["#94c1c8", "#d3654f", "#7fb7a4", "#f1e3c6", "#e0a458", "#94c1c8"]);
      books(742, 330, ["#d3654f", "#e0a458", "#f1e3c6", "#94c1c8", "#7fb7a4"]);
      books(30, 490, ["#e0a458", "#7fb7a4", "#f1e3c6", "#d3654f", "#94c1c8"]);
      ellipse("#ffdf9a30", 846, 420, 110, 96);
      fill("#ffd98a", () => { draw.moveTo(806, 440); draw.lineTo(886, 440); draw.lineTo(866, 384); draw.lineTo(826, 384); });
      box("#d9b56b", 841, 440, 10, 50);
    },
    // A room with plants and pictures.
    plants() {
      draw.fillStyle = gradient([0, 0], [0, height], ["#cfe5d6", "#a5cbb4"]);
      draw.fillRect(0, 0, width, height);
      box("#fffdf6", 96, 64, 150, 190, 6);
      draw.save();
      draw.beginPath();
      draw.rect(110, 78, 122, 162);
      draw.clip();
      draw.fillStyle = "#f4c98b";
      draw.fillRect(110, 78, 122, 162);
      ellipse("#e4785c", 170, 146, 34, 34);
      ellipse("#3f7f74", 140, 246, 70, 52);
      ellipse("#2f655e", 214, 252, 66, 44);
      draw.restore();
      box("#fffdf6", 276, 110, 96, 96, 6);
      box("#79a9c4", 288, 122, 72, 72);
      ellipse("#fffdf6", 324, 158, 20, 20);
      plant(832, 396, 170, "#2f7d5b");
      plant(96, 470, 110, "#58986f");
      line("#8a6a4c", 4, () => { draw.moveTo(690, 0); draw.lineTo(690, 74); });
      fill("#f6e7b8", () => { draw.moveTo(634, 128); draw.quadraticCurveTo(690, 40, 746, 128); });
    },
    // Night over a town.
    night() {
      draw.fillStyle = gradient([0, 0], [0, height], ["#2b2f6b", "#5b4a93", "#a06fb0"]);
      draw.fillRect(0, 0, width, height);
      for (let star = 0; star < 60; star += 1) ellipse("#ffffffb0", (star * 173) % width, (star * 97) % 280, 1 + (star % 3) * 0.7, 1 + (star % 3) * 0.7);
      ellipse("#fdf3cf", 780, 104, 46, 46);
      ellipse("#3d3a7d", 762, 92, 40, 40);
      for (let house = 0; house < 13; house += 1) {
        const x = house * 78 - 12, high = 120 + ((house * 53) % 130);
        box(house % 2 ? "#251f55" : "#2f2866", x, height - high, 72, high, 4);
        for (let row = 0; row < 4; row += 1) {
          for (let column = 0; column < 3; column += 1) {
            if ((house + row * 2 + column) % 3) box("#ffd98a", x + 12 + column * 19, height - high + 18 + row * 30, 10, 14, 2);
          }
        }
      }
      line("#fdf3cf90", 2, () => { draw.moveTo(0, 40); draw.quadraticCurveTo(480, 130, 960, 30); });
      for (let bulb = 0; bulb < 11; bulb += 1) {
        const across = bulb / 10;
        ellipse(["#ffd98a", "#ff9f8a", "#9fe0c8"][bulb % 3], 960 * across, 40 + 160 * across * (1 - across) - 10 * across + 14, 8, 10);
      }
    },
  };

  const hairBehind = {
    long: () => { ellipse(who.hair, 0, -34, 142, 150); box(who.hair, -142, -40, 284, 250, 80); },
    bun: () => { ellipse(who.hair, 0, -172, 56, 50); ellipse(who.hair, 0, -46, 126, 122); },
    short: () => ellipse(who.hair, 0, -60, 122, 112),
    scarf: () => { ellipse(who.hair, 0, -20, 146, 162); fill(who.hair, () => { draw.moveTo(-130, 30); draw.quadraticCurveTo(-190, 260, -120, 300); draw.lineTo(120, 300); draw.quadraticCurveTo(190, 260, 130, 30); }); },
  };
  const hairBefore = {
    long: () => fill(who.hair, () => { draw.moveTo(-114, -20); draw.bezierCurveTo(-122, -170, 122, -170, 114, -20); draw.bezierCurveTo(96, -86, 40, -104, -6, -104); draw.bezierCurveTo(-50, -92, -96, -76, -114, -20); }),
    bun: () => fill(who.hair, () => { draw.moveTo(-112, -18); draw.bezierCurveTo(-128, -166, 128, -166, 112, -18); draw.bezierCurveTo(90, -92, -90, -92, -112, -18); }),
    short: () => fill(who.hair, () => { draw.moveTo(-114, -14); draw.bezierCurveTo(-150, -190, 20, -200, 60, -158); draw.bezierCurveTo(120, -160, 130, -80, 112, -14); draw.bezierCurveTo(108, -60, 92, -84, 62, -92); draw.bezierCurveTo(10, -70, -60, -76, -86, -88); draw.bezierCurveTo(-104, -66, -108, -44, -114, -14); }),
    scarf: () => {
      draw.beginPath();
      draw.ellipse(0, -20, 146, 162, 0, 0, Math.PI * 2);
      draw.ellipse(0, 6, 96, 116, 0, 0, Math.PI * 2);
      draw.fillStyle = who.hair;
      draw.fill("evenodd");
      line("#ffffff50", 4, () => { draw.moveTo(-92, -42); draw.bezierCurveTo(-70, -132, 70, -132, 92, -42); });
      fill(who.hair, () => { draw.moveTo(-104, 66); draw.quadraticCurveTo(0, 168, 104, 66); draw.quadraticCurveTo(120, 190, 40, 214); draw.quadraticCurveTo(-90, 220, -104, 66); });
      line("#00000022", 5, () => { draw.moveTo(-60, 132); draw.quadraticCurveTo(20, 176, 70, 150); });
    },
  };

  const person = (time) => {
    const sway = Math.sin(time / 900 + who.phase) * 5, nod = Math.sin(time / 620 + who.phase) * 3;
    const blinks = (time / 1000 + who.phase * 3) % 4 < 0.14;
    draw.save();
    draw.translate(width / 2 + who.aside + sway, 258 + nod);
    draw.scale(1.12, 1.12);
    hairBehind[who.style]();
    box(who.shadow, -42, 80, 84, 120, 30);
    fill(gradient([-240, 150], [240, 400], [who.shirt, who.shirtDark]), () => {
      draw.moveTo(-250, 420);
      draw.bezierCurveTo(-246, 220, -150, 178, -58, 160);
      draw.quadraticCurveTo(0, 214, 58, 160);
      draw.bezierCurveTo(150, 178, 246, 220, 250, 420);
    });
    line("#ffffff38", 6, () => { draw.moveTo(-58, 162); draw.quadraticCurveTo(0, 216, 58, 162); });
    ellipse(who.shadow, -110, 14, 18, 28);
    ellipse(who.shadow, 110, 14, 18, 28);
    ellipse(who.skin, 0, 6, 108, 126);
    ellipse("#e8796d40", -62, 48, 24, 15);
    ellipse("#e8796d40", 62, 48, 24, 15);
    for (const side of [-1, 1]) {
      line(who.brow, 6, () => { draw.moveTo(side * 62, -30); draw.quadraticCurveTo(side * 42, -42, side * 22, -32); });
      if (blinks) line("#2a1d18", 5, () => { draw.moveTo(side * 54, 4); draw.quadraticCurveTo(side * 42, 12, side * 30, 4); });
      else {
        ellipse("#fff", side * 42, 2, 17, 14);
        ellipse("#2a1d18", side * 42 + 2, 3, 10, 11);
        ellipse("#fff", side * 42 + 6, -1, 3.5, 3.5);
      }
    }
    line(who.shadow, 6, () => { draw.moveTo(2, 12); draw.quadraticCurveTo(14, 36, -2, 38); });
    const open = who.talks ? 8 + Math.abs(Math.sin(time / 130)) * 16 : 10;
    fill("#8c2f39", () => { draw.moveTo(-38, 64); draw.quadraticCurveTo(0, 72, 38, 64); draw.quadraticCurveTo(0, 74 + open * 2.4, -38, 64); });
    fill("#fff", () => { draw.moveTo(-30, 67); draw.quadraticCurveTo(0, 73, 30, 67); draw.quadraticCurveTo(0, 84, -30, 67); });
    hairBefore[who.style]();
    if (who.glasses) {
      for (const side of [-1, 1]) line(who.glasses, 6, () => draw.roundRect(side * 43 - 31, -22, 62, 50, 20));
      line(who.glasses, 6, () => { draw.moveTo(-12, -2); draw.quadraticCurveTo(0, -8, 12, -2); });
    }
    if (who.earring) for (const side of [-1, 1]) ellipse(who.earring, side * 112, 50, 8, 10);
    if (who.headphones) {
      line(who.headphones, 16, () => draw.arc(0, -14, 128, Math.PI * 1.04, -Math.PI * 0.04));
      for (const side of [-1, 1]) box(who.headphones, side * 124 - 20, -26, 40, 84, 20);
    }
    draw.restore();
  };

  const paint = () => {
    scenes[who.scene]();
    person(performance.now());
  };
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = new MediaStream();
    if (audio) {
      const context = new AudioContext();
      const voice = new OscillatorNode(context, { frequency: 220 });
      const gain = new GainNode(context, { gain: who.talks ? 0.3 : 0 });
      const destination = context.createMediaStreamDestination();
      voice.connect(gain).connect(destination);
      voice.start();
      stream.addTrack(destination.stream.getAudioTracks()[0]);
    }
    if (video) {
      paint();
      setInterval(paint, 80);
      stream.addTrack(canvas.captureStream(12).getVideoTracks()[0]);
    }
    return stream;
  };
})();
