// One pinned map: its cells, the selection, what is pointed at.
/** @import { Axis, Box, Pair, Pen, Point } from "../types.js" */
import { copy, outlineBox } from "../page/canvas.js";

/** @typedef {{ shape: Pair, cell: Pair, total: Pair, query: Axis, key: Axis,
 *   colours: Record<string, string> }} Head */
/** @typedef {{ picked: [query: number, key: number | null], hovered: Pair | null,
 *   guide: Point | null }} Marks */

/**
 * @param {Pen} pen
 * @param {Pair} size
 * @param {OffscreenCanvas} picture
 * @param {Head} head
 * @param {Marks} marks
 */
export function drawMap(pen, size, picture, head, { picked: [query, key], hovered, guide }) {
  const {
    shape: [rows, columns],
    cell,
    total,
    colours,
  } = head;
  // The last value may stand for fewer cells than the others.
  const full = [(columns * cell[1]) / total[1], (rows * cell[0]) / total[0]];
  copy(pen, picture, [0, 0, columns, rows], [0, 0, size[0] * full[0], size[1] * full[1]]);
  drawBreaks(pen, size, head);
  drawLine(pen, size, colours.query, query / total[0], (query + 1) / total[0], true);
  if (key !== null) drawLine(pen, size, colours.key, key / total[1], (key + 1) / total[1], false);
  drawGuides(pen, size, head, guide ?? {});
  if (hovered)
    outlineBox(pen, boxOf(size, head, hovered), [
      [3, "rgb(0 0 0 / 0.75)"],
      [1.25, "#fff"],
    ]);
}

/**
 * @param {Pen} pen
 * @param {Pair} size
 * @param {Head} head
 * @param {Point} point
 */
function drawGuides(pen, [wide, high], { total: [rows, columns], colours }, { query, key }) {
  pen.fillStyle = colours.query;
  if (typeof query === "number") pen.fillRect(0, ((query + 0.5) / rows) * high - 0.5, wide, 1);
  pen.fillStyle = colours.key;
  if (typeof key === "number") pen.fillRect(((key + 0.5) / columns) * wide - 0.5, 0, 1, high);
}

/**
 * @param {Pen} pen
 * @param {Pair} size
 * @param {Head} head
 */
function drawBreaks(pen, [wide, high], { query, key, colours, total }) {
  pen.fillStyle = colours.line;
  pen.globalAlpha = 0.4;
  for (const at of query.breaks) pen.fillRect(0, Math.round((at / total[0]) * high), wide, 1);
  for (const at of key.breaks) pen.fillRect(Math.round((at / total[1]) * wide), 0, 1, high);
  pen.globalAlpha = 1;
}

/**
 * Beside a row or column, so that its own cells stay to be seen.
 * @param {Pen} pen
 * @param {Pair} size
 * @param {string} colour
 * @param {number} from a share of the map
 * @param {number} to
 * @param {boolean} across
 */
function drawLine(pen, [wide, high], colour, from, to, across) {
  const extent = across ? high : wide;
  pen.fillStyle = colour;
  for (const at of [from * extent - 1.5, to * extent]) {
    if (across) pen.fillRect(0, at, wide, 1.5);
    else pen.fillRect(at, 0, 1.5, high);
  }
}

/**
 * The box of the value that a cell belongs to.
 * @param {Pair} size
 * @param {Head} head
 * @param {Pair} at query and key
 * @returns {Box}
 */
function boxOf([wide, high], { total, cell }, [query, key]) {
  const [row, column] = [query - (query % cell[0]), key - (key % cell[1])];
  const [right, down] = [wide / total[1], high / total[0]];
  return [column * right, row * down, cell[1] * right, cell[0] * down];
}
