// The weights of any patch, read off the map that stands on the same page instead of asking Python:
// only where that map is here whole, every weight for itself.
/** @import { Axis, Grid, Place, Weights } from "../types.js" */
import { firstPatch, indexOf, placeOf } from "../numbers/axis.js";
import { indexAt, sizeOf } from "../numbers/places.js";
import { page, weightsName } from "../page/page.js";

/** Whether a patch is read as a query (its row) or as a key (its column).
 * @typedef {"row" | "column"} Side */

/**
 * @param {string} name of the map
 * @returns {Weights | null}
 */
export function nearby(name) {
  return (name && page.shared.get(weightsName(name))) || null;
}

/**
 * Of some patches, put together: 't h w' flat, NaN where there is no weight.
 * @param {Weights | null} map
 * @param {Grid} grid
 * @param {{ direction: Side, combine: string }} how
 * @param {Place[]} places
 * @returns {Float32Array | null} null where the map does not hold them
 */
export function weightsOf(map, grid, { direction, combine }, places) {
  const lines = map && places.map((place) => lineOf(map, grid, direction, place));
  if (!lines || lines.includes(null)) return null;
  return lines.length === 1 ? lines[0] : combinedOf(lines, combine);
}

/**
 * @param {Weights} map
 * @param {Grid} grid
 * @param {Side} direction
 * @param {Place} place
 */
function lineOf(map, grid, direction, place) {
  const own = indexOf(direction === "row" ? map.query : map.key, place);
  return own === null ? null : lineAt(map, grid, direction, own);
}

/**
 * One row, at its keys' places in the video, or column, at its queries'.
 * @param {Omit<Weights, "of">} map
 * @param {Grid} grid
 * @param {Side} direction
 * @param {number} own its number
 */
export function lineAt(map, grid, direction, own) {
  const {
    values,
    query,
    key,
    total: [, keys],
  } = map;
  const line = new Float32Array(sizeOf(grid)).fill(NaN);
  const [first, step] =
    direction === "row"
      ? [own * keys + firstPatch(key), 1]
      : [own + firstPatch(query) * keys, keys];
  (direction === "row" ? flatKeys : flatQueries)(map, grid).forEach((at, token) => {
    line[at] = values[first + token * step];
  });
  return line;
}

/** @param {Omit<Weights, "of">} map @param {Grid} grid */
const flatKeys = (map, grid) => (map.flatKeys ??= flatOf(map.key, grid));
/** @param {Omit<Weights, "of">} map @param {Grid} grid */
const flatQueries = (map, grid) => (map.flatQueries ??= flatOf(map.query, grid));

/**
 * Where each token of an axis lies in the video, counted 't h w'.
 * @param {Axis} axis
 * @param {Grid} grid
 */
function flatOf(axis, grid) {
  return Array.from({ length: sizeOf(axis.grid) }, (_, token) =>
    indexAt(placeOf(axis, firstPatch(axis) + token), grid),
  );
}

/**
 * `combined` of analysis/overlay.py.
 * @param {Float32Array[]} lines
 * @param {string} how
 */
export function combinedOf(lines, how) {
  return lines[0].map((_, at) => {
    const there = lines.map((line) => line[at]).filter((weight) => !Number.isNaN(weight));
    if (!there.length) return NaN;
    const sum = there.reduce((a, b) => a + b, 0);
    return how === "mean" ? sum / lines.length : sum;
  });
}
