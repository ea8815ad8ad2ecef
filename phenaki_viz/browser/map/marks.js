// What lies over the cells of a map: the selection, what is pointed at here and elsewhere.
/** @import { Pair, Pen, Point } from "../types.js" */
/** @import { Geometry } from "./geometry.js" */
/** @import { Reading } from "./reading.js" */
import { outlineBox } from "../page/canvas.js";

/**
 * @typedef {{
 *   picked: [query: number, key: number | null],
 *   also: number[],
 *   guide: Point | null,
 *   hovered: Reading | null,
 *   colours: Record<string, string>,
 * }} Marks */

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Marks} marks
 */
export function drawMarks(pen, on, { picked: [query, key], also, guide, hovered, colours }) {
  for (const row of also) drawMark(pen, on, colours.query, on.y(row + 0.5));
  if (guide) drawGuides(pen, on, guide, colours);
  drawLines(pen, on, colours.query, [on.y(query), on.y(query + 1)], true);
  if (key !== null) drawLines(pen, on, colours.key, [on.x(key), on.x(key + 1, true)], false);
  if (hovered) drawHovered(pen, on, hovered);
}

/**
 * Two lines beside the row or column, so that its own cells stay to be seen, and an arrowhead.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {string} colour
 * @param {Pair} edges
 * @param {boolean} across
 */
function drawLines(pen, { plot: { left, top, width, height } }, colour, [a, b], across) {
  const [start, end] = across ? [top, top + height] : [left, left + width];
  if (b < start || a > end) return;
  pen.fillStyle = colour;
  for (const at of [a - 1.5, b]) {
    if (across) pen.fillRect(left, at, width, 1.5);
    else pen.fillRect(at, top, 1.5, height);
  }
  const middle = (a + b) / 2;
  const [x, y] = across ? [left - 1, middle] : [middle, top - 1];
  const [sx, sy] = across ? [-5, 4] : [4, -5];
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + sx, y + sy);
  pen.lineTo(x + (across ? sx : -sx), y + (across ? -sy : sy));
  pen.fill();
}

/**
 * A patch that was chosen with the query: its row, at the margin.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {string} colour
 * @param {number} y
 */
function drawMark(pen, { plot: { left, top, height } }, colour, y) {
  if (y < top || y > top + height) return;
  pen.fillStyle = colour;
  pen.fillRect(left - 6, y - 1, 6, 2);
}

/**
 * Thin lines: what is pointed at in another picture.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Point} guide
 * @param {Record<string, string>} colours
 */
function drawGuides(pen, on, { query, key }, colours) {
  const { left, top, width, height } = on.plot;
  pen.globalAlpha = 0.9;
  pen.fillStyle = colours.query;
  if (typeof query === "number") pen.fillRect(left, on.y(query + 0.5) - 0.5, width, 1);
  pen.fillStyle = colours.key;
  if (typeof key === "number") pen.fillRect(on.x(key + 0.5) - 0.5, top, 1, height);
  pen.globalAlpha = 1;
}

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Reading} hovered
 */
function drawHovered(pen, on, { rows: [r0, r1], columns: [c0, c1] }) {
  const [x, y] = [on.x(c0), on.y(r0)];
  outlineBox(
    pen,
    [x, y, on.x(c1, true) - x, on.y(r1) - y],
    [
      [3, "rgb(0 0 0 / 0.75)"],
      [1.25, "#fff"],
    ],
  );
}
