// What is left out of a map (map_filter.py), and where a key stands in its row.
/** @import { RowFilter, Pair, Part, Values } from "../types.js" */
import { decoded } from "./weight_codes.js";
import { spoken } from "./words.js";

/**
 * @param {{ rowFilter: Pick<RowFilter, "without" | "said" | "colour"> | null, shape: Pair, window: Part }} head
 * @param {Record<string, any>} parts
 * @param {Float32Array} values
 * @returns {RowFilter | null} by the number of a value; null when nothing is left out
 */
export function filterOf({ rowFilter, shape: [, columns], window: part }, parts, values) {
  if (!rowFilter) return null;
  const renormalised = rowFilter.without.length > 0;
  const shown = renormalised
    ? renormaliser(rowFilter.without, parts, values, columns, part[2])
    : (/** @type {number} */ i) => values[i];
  return { ...rowFilter, renormalised, kept: keeper(parts), shown };
}

/**
 * @param {Record<string, any>} parts
 * @returns {(i: number) => number}
 */
function keeper({ kept, keptBits }) {
  if (kept) return (i) => kept[i] / 255;
  return (i) => (keptBits[i >> 3] >> (7 - (i & 7))) & 1;
}

/**
 * @param {number[]} without
 * @param {Record<string, any>} parts
 * @param {Float32Array} values
 * @param {number} columns
 * @param {number} first the column of the first value
 * @returns {(i: number) => number}
 */
function renormaliser(without, { left, shownCodes, shownListed }, values, columns, first) {
  if (shownCodes) {
    const pooled = decoded({ codes: shownCodes, listed: shownListed });
    return (i) => pooled[i];
  }
  const away = new Set(without);
  return (i) => {
    const rest = left[Math.floor(i / columns)];
    return away.has(first + (i % columns)) || !rest ? 0 : values[i] / rest;
  };
}

/**
 * [first, last] place of a value in its row, 1 the heaviest: two numbers where weights read alike.
 * @param {Values} tile
 * @param {number} keys of the whole map
 * @param {number} i
 * @returns {Pair | null} null when the row is not here whole, or the value stands for several cells
 */
export function rankOf({ values, ranks, shape: [, columns], cell, window: part }, keys, i) {
  if (Math.max(...cell) > 1) return null;
  if (ranks) return [ranks[i], ranks[i]];
  if (part[2] > 0 || part[3] < keys) return null;
  const row = i - (i % columns);
  let [heavier, equal] = [0, 0];
  for (let at = row; at < row + columns; at++) {
    if (values[at] > values[i]) heavier += 1;
    else if (values[at] === values[i]) equal += 1;
  }
  return [heavier + 1, heavier + equal];
}

/**
 * @param {Pair | null} rank
 * @param {number} keys
 */
export function rankWords(rank, keys) {
  if (!rank) return "rank —";
  const [first, last] = rank;
  return `rank ${first === last ? first : `${first}–${last}`} of ${keys}`;
}

/**
 * @param {RowFilter | null} rowFilter
 * @param {number} i
 */
export function filterWords(rowFilter, i) {
  if (!rowFilter) return "";
  const kept = rowFilter.kept(i);
  const words =
    rowFilter.renormalised && kept > 0 ? ` · renormalised ${spoken(rowFilter.shown(i))}` : "";
  if (kept >= 1) return words;
  return `${words} · ${kept > 0 ? `${spoken(100 * kept, 2)}\u00a0% of it kept` : "left out"}`;
}
