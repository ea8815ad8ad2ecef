// Where the plot of a map stands in the room there is, and the names beside and over it.
/** @import { Axis, Pair } from "../types.js" */
/** @import { Plot } from "./geometry.js" */
import { isNamed, shortNames } from "../numbers/axis.js";

export const FONT = 11;
export const LEGEND = 132;
export const NARROW = 560; // a panel narrower than this has its legend under the map
const LARGEST_CELL = 44; // a side: a map of few tokens stays small
const BROADEST_CELL = 72; // where cells carry words, and the map has a window to fill
const TALLEST = 580;
const MOST_NAMED = 64; // columns

/** @typedef {{ plot: Plot, turned: boolean, size: Pair }} Layout */

/**
 * @param {{ total: Pair, query: Axis, key: Axis }} head
 * @param {number} width of the panel
 * @param {number} spare height that the page has for the canvas; 0 for any
 * @param {(text: string) => number} measure how wide a text is
 * @returns {Layout} turned: names of columns run upwards
 */
export function layOut({ total: [rows, columns], query, key }, width, spare, measure) {
  const [inner, above] = [rowNames(query, width), columnNames(key, columns, width)].map((names) =>
    Math.min(90, Math.ceil(Math.max(0, ...names.map(measure)))),
  );
  const groups = Math.max(0, ...query.groups.map(measure));
  const beside = (groups ? groups + 8 : 0) + (inner ? inner + 6 : 0) + 5;
  const left = Math.ceil(Math.max(measure(`${query.title} ↓`) + 12, beside));
  const room = Math.max(width - left - 8 - (width < NARROW ? 0 : LEGEND), 80);
  const broadest = spare > 0 && isNamed(key) ? BROADEST_CELL : LARGEST_CELL;
  /** @param {boolean} turned */
  const plan = (turned) => {
    const over = above ? (turned ? above + 6 : FONT + 4) : 0;
    const top = FONT + 8 + (key.groups.length ? FONT + 6 : 0) + over;
    const tallest = spare > 0 ? Math.max(spare - top, 80) : TALLEST;
    const [wide, high] = plotSize([rows, columns], room, tallest, broadest);
    return { left, top, width: wide, height: high, inner, over, above };
  };
  const turned = isNamed(key) && above > plan(false).width / columns - 2;
  const plot = plan(turned);
  return { plot, turned, size: [left + plot.width + 8, plot.top + plot.height + 4] };
}

/**
 * Square maps are square; narrow ones get broader cells, within reason.
 * @param {Pair} total
 * @param {number} room
 * @param {number} tallest
 * @param {number} broadest
 * @returns {Pair} width and height
 */
export function plotSize([rows, columns], room, tallest, broadest) {
  const high = Math.min(tallest, LARGEST_CELL * rows);
  const wide = Math.min(room, broadest * columns, tallest * 1.6);
  if (rows === columns) return [Math.min(high, wide), Math.min(high, wide)];
  const ratio = rows / columns;
  if (ratio > 1) return [wide, Math.min(high, Math.max(wide, 240), ratio * wide)];
  return [wide, Math.min(high, Math.max(120, ratio * wide))];
}

/**
 * @param {Axis} axis
 * @param {number} width
 */
const rowNames = (axis, width) => (isNamed(axis) || width >= NARROW ? shortNames(axis) : []);

/**
 * Names over the columns take height: only where columns are few enough to be read, or can be
 * zoomed to.
 * @param {Axis} axis
 * @param {number} columns
 * @param {number} width
 */
function columnNames(axis, columns, width) {
  if (!isNamed(axis)) return rowNames(axis, width);
  return columns <= MOST_NAMED ? shortNames(axis) : [];
}
