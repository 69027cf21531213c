// Where tiles go. Pure: sizes in, boxes out.

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

const landscape = { least: 1.4, most: 16 / 9 };
const portrait = { least: 0.62, most: 16 / 9 };
const smallestTile = 112;
const smallestInStrip = 56;
const stackUpTo = 4;
const phoneWidth = 600;

/**
 * Places tiles in a region so that they are as large as possible and all visible.
 * @param {string[]} keys in order
 * @param {string | null} staged the key shown large, if any
 * @param {number} width @param {number} height @param {number} gap
 * @returns {{boxes: Map<string, Box>, height: number}} `height` exceeds the region where tiles must scroll
 */
export function arrange(keys, staged, width, height, gap) {
  const whole = { x: 0, y: 0, width, height };
  const others = keys.filter((key) => key !== staged);
  if (staged === null || !keys.includes(staged)) return grid(keys, whole, gap, shapeFor(whole), smallestTile);
  if (others.length === 0) return { boxes: new Map([[staged, whole]]), height };
  const placed = width > height * 1.1
    ? besideStage(others, whole, gap) : belowStage(others, whole, gap);
  placed.boxes.set(staged, placed.stage);
  return placed;
}

function besideStage(others, { width, height }, gap) {
  const inOneColumn = ((height - gap * (others.length - 1)) / others.length) * (16 / 9);
  const strip = clamp(Math.min(width * 0.19, inOneColumn), 132, 320);
  const stage = { x: 0, y: 0, width: width - strip - gap, height };
  const rest = { x: stage.width + gap, y: 0, width: strip, height };
  return { stage, ...grid(others, rest, gap, landscape, smallestInStrip) };
}

function belowStage(others, { width, height }, gap) {
  const stage = { x: 0, y: 0, width, height: Math.min(height * 0.5, Math.max(width * 0.5625, height * 0.38)) };
  const rest = { x: 0, y: stage.height + gap, width, height: height - stage.height - gap };
  return { stage, ...grid(others, rest, gap, shapeFor(rest), smallestInStrip) };
}

/** @param {string[]} keys @param {Box} region */
function grid(keys, region, gap, shape, smallest) {
  const boxes = new Map();
  const count = keys.length;
  if (count === 0 || region.width <= 0 || region.height <= 0) return { boxes, height: region.height };
  const columns = columnsFor(count, region, gap, shape);
  const rows = Math.ceil(count / columns);
  const fitted = tileSize(columns, rows, region, gap, shape);
  const tile = fitted.width < Math.min(smallest, region.width) && columns > 1
    ? tileSize(columns, 1, region, gap, shape) : fitted;
  const total = rows * tile.height + (rows - 1) * gap;
  const top = region.y + Math.max(0, (region.height - total) / 2);
  keys.forEach((key, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = region.x + (region.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    boxes.set(key, {
      x: left + (index - row * columns) * (tile.width + gap),
      y: top + row * (tile.height + gap),
      ...tile,
    });
  });
  return { boxes, height: Math.max(region.y + region.height, top + total) };
}

/** Of arrangements that are nearly as large, the one with fewer empty places, then the one that suits the region. */
function columnsFor(count, region, gap, shape) {
  // A narrow phone stacks a small group: one face a row.
  const isPhone = region.width < phoneWidth && region.height > region.width;
  if (isPhone && count <= stackUpTo) return 1;
  const choices = Array.from({ length: count }, (_, index) => {
    const columns = index + 1;
    const rows = Math.ceil(count / columns);
    const { width, height } = tileSize(columns, rows, region, gap, shape);
    return { columns, area: width * height, empty: columns * rows - count };
  });
  const largest = Math.max(...choices.map(({ area }) => area));
  const side = region.width > region.height ? -1 : 1;
  const [best] = choices.filter(({ area }) => area >= largest * 0.98)
    .sort((a, b) => a.empty - b.empty || side * (a.columns - b.columns));
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

const shapeFor = ({ width, height }) => (height > width * 0.9 ? portrait : landscape);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
