// What is on view of a map, in cells, and where they stand on the canvas, in CSS pixels.
/** @import { Pair, Part } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";

const LEAST_CELLS = 4; // as far as zooming goes
const NULL_GAP = 6;

/** Where the cells are drawn, and the room of names beside and over them.
 * @typedef {{
 *   left: number, top: number, width: number, height: number,
 *   inner: number, over: number, above: number,
 * }} Plot */

/** @param {Pair} total @returns {Part} */
export const wholeOf = ([rows, columns]) => [0, rows, 0, columns];

/**
 * @param {ArrayLike<number>} window
 * @param {Part} part
 */
export const covers = ({ 0: w0, 1: w1, 2: v0, 3: v1 }, [r0, r1, c0, c1]) =>
  w0 <= r0 && r1 <= w1 && v0 <= c0 && c1 <= v1;

/**
 * The part of so many rows and columns that is nearest to the corner asked for.
 * @param {Pair} total
 * @param {Pair} corner
 * @param {Pair} size
 * @returns {Part | null} null for the whole map
 */
export function partAt([most, across], [r0, c0], [rows, columns]) {
  if (rows >= most && columns >= across) return null;
  const row = clamp(r0, 0, most - rows);
  const column = clamp(c0, 0, across - columns);
  return [row, row + rows, column, column + columns];
}

/**
 * Nearer or farther, so that what is under `at` (shares of the plot) stays where it is.
 * @param {Part} part
 * @param {Pair} total
 * @param {number} factor
 * @param {Pair} at
 */
export function zoomed([r0, r1, c0, c1], total, factor, [down, right]) {
  const [rows, columns] = total;
  const least = Math.max(Math.min(LEAST_CELLS, rows) / rows, Math.min(2, columns) / columns);
  const share = clamp((r1 - r0) / (rows * factor), least, 1);
  const corner = [r0 + down * (r1 - r0 - share * rows), c0 + right * (c1 - c0 - share * columns)];
  return partAt(total, /** @type {Pair} */ (corner), [share * rows, share * columns]);
}

/**
 * Moved as little as brings a cell into it; key null: the row alone.
 * @param {Part} part
 * @param {Pair} total
 * @param {number} query
 * @param {number | null} key
 */
export function revealed([r0, r1, c0, c1], total, query, key) {
  /** @type {(at: number, from: number, to: number) => number} */
  const shift = (at, from, to) => (at < from ? at - from : at >= to ? at + 1 - to : 0);
  const right = key === null ? 0 : shift(key, c0, c1);
  return partAt(total, [r0 + shift(query, r0, r1), c0 + right], [r1 - r0, c1 - c0]);
}

/**
 * A little more, in whole cells, so that a short pan needs no answer.
 * @param {Part} part
 * @param {Pair} total
 * @returns {Part}
 */
export function wanted([r0, r1, c0, c1], [rows, columns]) {
  const [more, wider] = [(r1 - r0) / 8, (c1 - c0) / 8];
  return [
    Math.max(0, Math.floor(r0 - more)),
    Math.min(rows, Math.ceil(r1 + more)),
    Math.max(0, Math.floor(c0 - wider)),
    Math.min(columns, Math.ceil(c1 + wider)),
  ];
}

/**
 * The part that a link asks for; null where a map of this size has none such.
 * @param {Part | null} part
 * @param {Pair} total
 */
export function partOfLink(part, total) {
  const [r0, r1, c0, c1] = part ?? [0, 0, 0, 0];
  const isPart = r0 < r1 && c0 < c1 && covers(wholeOf(total), [r0, r1, c0, c1]);
  return isPart ? part : null;
}

/** Between cells and the places where they are drawn. */
export class Geometry {
  /**
   * @param {Plot} plot
   * @param {Part} view
   * @param {number} nulls null keys, which stand apart
   * @param {boolean} apart false where a value stands for null and real keys alike
   */
  constructor(plot, view, nulls, apart = true) {
    this.plot = plot;
    this.view = view;
    this.nulls = nulls;
    this.gap = apart && nulls > view[2] && nulls < view[3] ? NULL_GAP : 0;
  }

  /** How wide a column is, and how high a row. @returns {Pair} */
  get cell() {
    const [r0, r1, c0, c1] = this.view;
    return [this.plot.width / (c1 - c0), this.plot.height / (r1 - r0)];
  }

  /**
   * The left edge of a column; `end` is the right edge of the one before.
   * @param {number} column
   */
  x(column, end = false) {
    const [, , c0, c1] = this.view;
    const beyond = end ? column > this.nulls : column >= this.nulls;
    const across = ((column - c0) / (c1 - c0)) * (this.plot.width - this.gap);
    return this.plot.left + across + (beyond ? this.gap : 0);
  }

  /**
   * The upper edge of a row.
   * @param {number} row
   */
  y(row) {
    const [r0, r1] = this.view;
    return this.plot.top + ((row - r0) / (r1 - r0)) * this.plot.height;
  }

  /**
   * The inverse of `x`: a column and a part of it; null between null and real keys.
   * @param {number} x
   */
  columnAt(x) {
    const [, , c0, c1] = this.view;
    const { gap } = this;
    const [at, width] = [x - this.plot.left, this.plot.width - gap];
    const edge = gap && ((this.nulls - c0) / (c1 - c0)) * width;
    if (gap && at >= edge && at < edge + gap) return null;
    return c0 + ((at - (gap && at >= edge ? gap : 0)) / width) * (c1 - c0);
  }

  /**
   * The shares of the plot at which a point of the canvas lies; null outside.
   * @param {number} x
   * @param {number} y
   * @returns {Pair | null} down and right
   */
  shareAt(x, y) {
    const { left, top, width, height } = this.plot;
    const [down, right] = [(y - top) / height, (x - left) / width];
    return down < 0 || down >= 1 || right < 0 || right >= 1 ? null : [down, right];
  }

  /**
   * The cell under a point of the canvas: query and key.
   * @param {number} x
   * @param {number} y
   * @returns {Pair | null}
   */
  cellAt(x, y) {
    const share = this.shareAt(x, y);
    const column = share && this.columnAt(x);
    if (!share || column === null) return null;
    const [r0, r1] = this.view;
    return [Math.floor(r0 + share[0] * (r1 - r0)), Math.floor(column)];
  }
}
