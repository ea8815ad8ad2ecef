// What stands beside and over the cells of a map: titles, groups of cells, names of cells.
/** @import { Axis, Pair, Pen } from "../types.js" */
/** @import { Geometry } from "./geometry.js" */
import { groupsOf, isNamed, shortName } from "../numbers/axis.js";
import { FONT } from "./layout.js";

/**
 * @typedef {{
 *   head: { total: Pair, query: Axis, key: Axis },
 *   theme: { text: string, font: string },
 *   turned: boolean,
 * }} Named */

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Named} named
 */
export function drawMargins(pen, on, { head, theme, turned }) {
  const { query, key, total } = head;
  const { left, top, width, height, inner, over } = on.plot;
  const [rowsNamed, columnsNamed] = [rowsAreNamed(on), columnsAreNamed(on, key, turned)];
  const down = over && !columnsNamed ? over : 0; // close up where names are not drawn
  pen.strokeStyle = pen.fillStyle = theme.text;
  pen.globalAlpha = 0.3;
  pen.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  pen.globalAlpha = 1;
  pen.font = `600 ${FONT}px ${theme.font}`;
  [pen.textAlign, pen.textBaseline] = ["left", "alphabetic"];
  pen.fillText(`${key.title} →`, left, FONT + 1 + down);
  pen.fillText(`${query.title} ↓`, 0, FONT + 1 + down);
  pen.font = `${FONT}px ${theme.font}`;
  const named = Boolean(over && columnsNamed);
  drawColumnGroups(pen, on, groupsOf(key, total[1]), top - 7 - over + down, named);
  const beside = left - 11 - (inner && rowsNamed ? inner + 6 : 0);
  drawRowGroups(pen, on, groupsOf(query, total[0]), beside);
  if (inner && rowsNamed) drawRowNames(pen, on, query);
  if (named) drawColumnNames(pen, on, key, turned);
}

/** Only where a row is as high as its name. @param {Geometry} on */
const rowsAreNamed = (on) => on.cell[1] > FONT;

/**
 * Only where a column is as wide as its name, or as its letters are high.
 * @param {Geometry} on
 * @param {Axis} key
 * @param {boolean} turned
 */
function columnsAreNamed(on, key, turned) {
  const apart = isNamed(key) ? 2 : 9;
  return on.cell[0] >= (turned ? FONT : on.plot.above + apart);
}

/** @typedef {[name: string, from: number, to: number][]} Groups */

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Groups} groups
 * @param {number} y
 * @param {boolean} named whether names of columns stand below
 */
function drawColumnGroups(pen, on, groups, y, named) {
  const { left, width } = on.plot;
  /** @type {Pair[]} */
  const taken = [];
  pen.textAlign = "center";
  for (const [name, from, to] of groups) {
    const [a, b] = [Math.max(on.x(from), left), Math.min(on.x(to, true), left + width)];
    if (b - a < 0.5) continue;
    const text = firstFree(pen, name, (a + b) / 2, left + width + 8, taken);
    if (text) pen.fillText(text, (a + b) / 2, y);
    if (named && b - a > 4) pen.fillRect(a + 2, y + 4, b - a - 4, 0.5);
  }
}

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Groups} groups
 * @param {number} x
 */
function drawRowGroups(pen, on, groups, x) {
  const { top, height } = on.plot;
  let free = top;
  [pen.textAlign, pen.textBaseline] = ["right", "middle"];
  for (const [name, from, to] of groups) {
    const [a, b] = [Math.max(on.y(from), top), Math.min(on.y(to), top + height)];
    const middle = (a + b) / 2;
    if (b - a < 0.5 || middle - FONT / 2 < free - FONT) continue;
    pen.fillText(name, x, middle);
    free = middle + FONT;
  }
}

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Axis} query
 */
function drawRowNames(pen, on, query) {
  const { left, inner } = on.plot;
  const [r0, r1] = on.view;
  [pen.textAlign, pen.textBaseline] = ["right", "middle"];
  for (let at = Math.ceil(r0 - 0.5); at + 0.5 < r1; at++) {
    pen.fillText(shorten(pen, shortName(query, at), inner), left - 11, on.y(at + 0.5));
  }
}

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Axis} key
 * @param {boolean} turned
 */
function drawColumnNames(pen, on, key, turned) {
  const { top, over } = on.plot;
  const [, , c0, c1] = on.view;
  pen.textBaseline = "middle";
  for (let at = Math.ceil(c0 - 0.5); at + 0.5 < c1; at++) {
    pen.save();
    pen.translate(on.x(at + 0.5), top - 6);
    const text = shorten(pen, shortName(key, at), turned ? over : on.cell[0]);
    pen.textAlign = turned ? "left" : "center";
    if (turned) pen.rotate(-Math.PI / 2);
    pen.fillText(text, 0, turned ? 0 : -FONT / 2);
    pen.restore();
  }
}

/**
 * The name, or its last word ("time 3" -> "3"), whichever fits between what stands already.
 * @param {Pick<Pen, "measureText">} pen
 * @param {string} name
 * @param {number} middle
 * @param {number} end
 * @param {Pair[]} taken from and to of what stands; gains this one
 */
export function firstFree(pen, name, middle, end, taken) {
  for (const text of [name, ...name.split(" ").slice(-1)]) {
    const half = pen.measureText(text).width / 2 + 2;
    const [from, to] = [middle - half, middle + half];
    if (to <= end && !taken.some(([a, b]) => from < b && to > a)) {
      taken.push([from, to]);
      return text;
    }
  }
  return "";
}

/**
 * @param {Pick<Pen, "measureText">} pen
 * @param {string} text
 * @param {number} room
 */
export function shorten(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return kept && `${kept}…`;
}
