// Where tiles go. Pure: sizes in, boxes out.

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const landscape = { least: 1.4, most: 16 / 9 };
const portrait = { least: 0.62, most: 16 / 9 };
const smallestTile = 112;
const stackUpTo = 4;

/**
 * Places tiles in a region so that they are as large as possible and all visible.
 * @param {string[]} keys in order
 * @param {string | null} staged the key shown large, if any
 * @param {number} width @param {number} height @param {number} gap
 * @returns {{boxes: Map<string, Box>, height: number}} `height` exceeds the region where tiles must scroll
 */
export function arrange(keys, staged, width, height, gap) {
  const others = keys.filter((key) => key !== staged);
  if (staged === null || !keys.includes(staged)) return grid(keys, { x: 0, y: 0, width, height }, gap);
  if (others.length === 0) return { boxes: new Map([[staged, { x: 0, y: 0, width, height }]]), height };
  const wide = width > height * 1.1;
  const inOneColumn = ((height - gap * (others.length - 1)) / others.length) * (16 / 9);
  const strip = wide ? clamp(Math.min(width * 0.19, inOneColumn), 132, 320) : 0;
  const stage = wide
    ? { x: 0, y: 0, width: width - strip - gap, height }
    : { x: 0, y: 0, width, height: Math.min(height * 0.5, Math.max(width * 0.5625, height * 0.38)) };
  const rest = wide
    ? { x: stage.width + gap, y: 0, width: strip, height }
    : { x: 0, y: stage.height + gap, width, height: height - stage.height - gap };
  const placed = grid(others, rest, gap);
  placed.boxes.set(staged, stage);
  return placed;
}

/** @param {string[]} keys @param {Box} region @param {number} gap */
function grid(keys, region, gap) {
  const boxes = new Map();
  const count = keys.length;
  if (count === 0 || region.width <= 0 || region.height <= 0) return { boxes, height: region.height };
  const shape = region.width < 600 && region.height > region.width * 0.8 ? portrait : landscape;
  const columns = columnsFor(count, region, gap, shape);
  const rows = Math.ceil(count / columns);
  const fitted = tileSize(columns, rows, region, gap, shape);
  const tile = fitted.width < Math.min(smallestTile, region.width) && columns > 1
    ? tileSize(columns, 1, region, gap, shape) : fitted;
  const total = rows * tile.height + (rows - 1) * gap;
  const top = region.y + Math.max(0, (region.height - total) / 2);
  keys.forEach((key, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = region.x + (region.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    const box = {
      x: left + (index - row * columns) * (tile.width + gap),
      y: top + row * (tile.height + gap),
      width: tile.width,
      height: tile.height,
    };
    boxes.set(key, box);
  });
  return { boxes, height: Math.max(region.y + region.height, top + total) };
}

function columnsFor(count, region, gap, shape) {
  // A narrow phone stacks a small group: one face a row.
  if (shape === portrait && count <= stackUpTo && region.height > region.width) return 1;
  let best = { columns: 1, area: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const { width, height } = tileSize(columns, Math.ceil(count / columns), region, gap, shape);
    if (width * height > best.area * 1.01) best = { columns, area: width * height };
  }
  return best.columns;
}

/** The largest tile of an allowed shape for so many columns and rows. */
function tileSize(columns, rows, region, gap, { least, most }) {
  const width = Math.max(1, (region.width - gap * (columns - 1)) / columns);
  const height = Math.max(1, (region.height - gap * (rows - 1)) / rows);
  const ratio = width / height;
  if (ratio > most) return { width: height * most, height };
  if (ratio < least) return { width, height: width / least };
  return { width, height };
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
