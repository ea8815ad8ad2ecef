// Patches of a video: [time step, row, column] in a grid 't h w'.
/** @import { Grid, Pair, Place } from "../types.js" */
import { clamp } from "./arithmetic.js";

/**
 * @param {number} index counted 't h w'
 * @param {Grid} grid
 * @returns {Place}
 */
export function placeAt(index, [, rows, columns]) {
  return [
    Math.floor(index / (rows * columns)),
    Math.floor(index / columns) % rows,
    index % columns,
  ];
}

/**
 * @param {ArrayLike<number>} place
 * @param {Grid} grid
 */
export const indexAt = (place, [, rows, columns]) =>
  (place[0] * rows + place[1]) * columns + place[2];

/** @param {Grid} grid */
export const sizeOf = ([steps, rows, columns]) => steps * rows * columns;

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const samePlaces = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * The patches of a box in one time step; the one it was begun at comes first.
 * @param {Place} from
 * @param {Place} to
 */
export function boxOf([step, h0, w0], [, h1, w1]) {
  /** @type {Place[]} */
  const found = [];
  const [down, right] = [h1 < h0 ? -1 : 1, w1 < w0 ? -1 : 1];
  for (let h = h0; h !== h1 + down; h += down) {
    for (let w = w0; w !== w1 + right; w += right) found.push([step, h, w]);
  }
  return found;
}

/**
 * Chosen patches with others added; `toggle`: those that are among them already are taken away.
 * @param {Place[]} chosen
 * @param {Place[]} others
 */
export function merged(chosen, others, toggle = false) {
  /** @type {(list: Place[], place: Place) => boolean} */
  const has = (list, place) => list.some((one) => samePlaces(one, place));
  const kept = toggle ? chosen.filter((place) => !has(others, place)) : chosen;
  const all = [...kept, ...others.filter((place) => !has(chosen, place))];
  return all.length ? all : chosen;
}

/**
 * The next patch on a walk, the first one again after the last.
 * @param {Place} place
 * @param {string} along a key of WALKS
 * @param {Grid} grid
 * @returns {Place}
 */
export function onward([t, h, w], along, grid) {
  const [steps, rows, columns] = grid;
  if (along === "frames") return [(t + 1) % steps, h, w];
  if (along === "row") return [t, h, (w + 1) % columns];
  if (along === "column") return [t, (h + 1) % rows, w];
  return placeAt((indexAt([t, h, w], grid) + 1) % sizeOf(grid), grid);
}

/**
 * The patch of a step at a point of its frame.
 * @param {number} t
 * @param {number} x
 * @param {number} y
 * @param {Pair} frame
 * @param {Grid} grid
 * @returns {Place}
 */
export function patchAt(t, x, y, [width, height], [, rows, columns]) {
  const row = clamp(Math.floor((y / height) * rows), 0, rows - 1);
  return [t, row, clamp(Math.floor((x / width) * columns), 0, columns - 1)];
}

/**
 * A patch brought back into the grid.
 * @param {Place} place
 * @param {Grid} grid
 * @returns {Place}
 */
export const inside = ([t, h, w], [steps, rows, columns]) => [
  clamp(t, 0, steps - 1),
  clamp(h, 0, rows - 1),
  clamp(w, 0, columns - 1),
];
