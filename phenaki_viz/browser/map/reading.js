// The numbers of a map in words.
/** @import { Pair, Tile } from "../types.js" */
import { sumOf } from "../numbers/arithmetic.js";
import { filterWords, rankOf, rankWords } from "../numbers/row_filter.js";
import { times, weightSaid } from "../numbers/words.js";

/** A value, the tile it was found in, its number there, and the cells it stands for.
 * @typedef {{ value: number, tile: Tile, index: number, rows: Pair, columns: Pair }} Reading */

/**
 * The raw value at a cell of the whole map.
 * @param {(Tile | null)[]} tiles the finest first
 * @param {number} query
 * @param {number} key
 * @returns {Reading | null} null when it is not here
 */
export function reading(tiles, query, key) {
  for (const tile of tiles) {
    if (!tile) continue;
    const [r0, r1, c0, c1] = tile.window;
    if (query >= r0 && query < r1 && key >= c0 && key < c1) return readingIn(tile, query, key);
  }
  return null;
}

/**
 * @param {Tile} tile
 * @param {number} query
 * @param {number} key
 * @returns {Reading}
 */
function readingIn(tile, query, key) {
  const {
    window: [r0, r1, c0, c1],
    cell: [tall, broad],
    shape,
    values,
  } = tile;
  const [row, column] = [Math.floor((query - r0) / tall), Math.floor((key - c0) / broad)];
  const [top, left] = [r0 + row * tall, c0 + column * broad];
  const index = row * shape[1] + column;
  return {
    value: values[index],
    tile,
    index,
    rows: [top, Math.min(r1, top + tall)],
    columns: [left, Math.min(c1, left + broad)],
  };
}

/**
 * @param {Reading} found
 * @param {{ unit: string, reduce: string, total: Pair }} head
 * @param {Float32Array | undefined} uniform one a query of the whole map
 */
export function weightWords(found, { unit, reduce, total: [, keys] }, uniform) {
  const {
    value,
    tile,
    index,
    rows: [r0, r1],
    columns: [c0, c1],
  } = found;
  const many = r1 - r0 > 1 || c1 - c0 > 1;
  if (Number.isNaN(value)) return `masked: this query may not read ${many ? "them" : "it"}`;
  if (!Number.isFinite(value)) return "this row is not a distribution: no weight to show";
  const cells = many ? `${reduce} of ${r1 - r0} × ${c1 - c0} cells ` : "";
  const own = uniform && sumOf(uniform.subarray(r0, r1)) / (r1 - r0);
  const ratio = own && reduce !== "sum" ? ` · ${times(value, own)}` : "";
  const rank = unit === "weight" ? ` · ${rankWords(rankOf(tile, keys, index), keys)}` : "";
  return `${cells}${unit} ${weightSaid(value)}${ratio}${rank}${filterWords(tile.rowFilter, index)}`;
}
