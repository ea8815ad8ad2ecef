// An axis of a map, `MapAxis` of axes.py: where its cells lie, and what they are called.
/** @import { Axis, Place } from "../types.js" */
import { indexAt, placeAt, sizeOf } from "./places.js";
import { placeName } from "./words.js";

/** The first cell that is a patch of the grid. @param {Axis} axis */
export const firstPatch = ({ nulls, before }) => nulls + before;

/**
 * Where a cell lies in the video; null for null keys, words and plain tokens.
 * @param {Axis} axis
 * @param {number} index
 * @returns {Place | null}
 */
export function placeOf(axis, index) {
  const { grid, origin } = axis;
  const at = index - firstPatch(axis);
  if (!grid || at < 0 || at >= sizeOf(grid)) return null;
  const [step, row, column] = placeAt(at, grid);
  return [step + origin[0], row + origin[1], column + origin[2]];
}

/**
 * The cell where a patch lies; null when it is not in this map.
 * @param {Axis} axis
 * @param {ArrayLike<number>} place
 */
export function indexOf(axis, place) {
  const { grid, origin } = axis;
  if (!grid) return null;
  const at = origin.map((first, along) => place[along] - first);
  if (at.some((value, along) => value < 0 || value >= grid[along])) return null;
  return firstPatch(axis) + indexAt(at, grid);
}

/**
 * `MapAxis.name`.
 * @param {Axis} axis
 * @param {number} index
 */
export function cellName(axis, index) {
  if (index < axis.nulls) return `null ${index + 1}`;
  const place = placeOf(axis, index);
  const at = index - axis.nulls;
  return place ? placeName(...place) : (axis.words?.[at] ?? `token ${at}`);
}

/**
 * What sentences call it: “two”, null key 1.
 * @param {Axis} axis of words
 * @param {number} index
 */
export const keyInWords = (axis, index) =>
  index < axis.nulls ? `null key ${index + 1}` : `“${cellName(axis, index)}”`;

/**
 * The name in a margin.
 * @param {Axis} axis
 * @param {number} index
 */
export function shortName(axis, index) {
  if (index < axis.nulls) return `null ${index + 1}`;
  if (axis.words) return axis.words[index - axis.nulls];
  const place = placeOf(axis, index);
  if (!place || !axis.grid) return String(index - axis.nulls);
  const which = Math.max(
    axis.grid.findIndex((size) => size > 1),
    0,
  );
  if (!runsOnce(axis)) return `${place[1]}, ${place[2]}`;
  return `${["time", "row", "column"][which]} ${place[which]}`;
}

/** Whether the patches run in one direction only. @param {Axis} axis */
const runsOnce = ({ grid }) => grid !== null && grid.filter((size) => size > 1).length <= 1;

/** Whether cells have names of their own by which they are told apart. @param {Axis} axis */
export const isNamed = (axis) => Boolean(axis.words) || runsOnce(axis);

/** @param {Axis} axis */
const countOf = ({ nulls, words, grid }) => nulls + (words?.length ?? (grid ? sizeOf(grid) : 0));

/** The names of all cells; none where an axis is of plain tokens. @param {Axis} axis */
export function shortNames(axis) {
  if (!axis.words && !axis.grid) return [];
  return Array.from({ length: countOf(axis) }, (_, at) => shortName(axis, at));
}

/**
 * Groups of cells with their first and (excluded) last.
 * @param {Axis} axis
 * @param {number} cells
 * @returns {[name: string, from: number, to: number][]}
 */
export function groupsOf({ breaks, groups }, cells) {
  const edges = [0, ...breaks, cells];
  return groups.map((name, at) => [name, edges[at], edges[at + 1]]);
}
