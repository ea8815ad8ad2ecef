// Tokens of a decoding step: kept or filled in, masked again or not, and how sure the model was.
/** @import { Grid, Pair, Pen, Place } from "../types.js" */
import { indexAt, sizeOf } from "../numbers/places.js";
import { placeName, spoken } from "../numbers/words.js";

// Bits of a flag.
const [MASKED, CHANGED, AGAIN] = [1, 2, 4];

/**
 * All tokens of one decoding step: flags and confidence 't h w' flat; the first time steps are given.
 * @typedef {{ flags: Uint8Array, confidence: Float32Array, grid: Grid, given: number }} Tokens */

/**
 * @param {{ flags: Uint8Array, confidence: Float32Array }} parts 'step t h w' flat
 * @param {number} step
 * @param {Grid} grid
 * @param {number} given
 * @returns {Tokens}
 */
export function tokensAt({ flags, confidence }, step, grid, given) {
  const [from, to] = [step * sizeOf(grid), (step + 1) * sizeOf(grid)];
  return {
    flags: flags.subarray(from, to),
    confidence: confidence.subarray(from, to),
    grid,
    given,
  };
}

/**
 * @param {Tokens} tokens
 * @param {Place} place
 */
export function wordsOf({ flags, confidence, grid, given }, place) {
  if (place[0] < given) return `${placeName(...place)} · given, never masked`;
  const flag = flags[indexAt(place, grid)];
  const filled = flag & CHANGED ? "filled in with another code" : "filled in";
  const done = flag & MASKED ? filled : "kept";
  const next = flag & AGAIN ? ", masked again next" : "";
  const sure = spoken(confidence[indexAt(place, grid)], 3);
  return `${placeName(...place)} · ${done}${next} · confidence ${sure}`;
}

/**
 * The tokens of a time step over its frame.
 * @param {Pen} pen
 * @param {Tokens} tokens
 * @param {number} t
 * @param {Pair} frame
 * @param {Record<string, string>} colours
 */
export function drawTokens(pen, { flags, grid }, t, frame, { filled, changed, again }) {
  each(t, grid, frame, (index, [x, y, wide, high]) => {
    const flag = flags[index];
    if (!(flag & MASKED)) return;
    pen.globalAlpha = 0.5;
    pen.fillStyle = flag & CHANGED ? changed : filled;
    pen.fillRect(x + 0.5, y + 0.5, wide - 1, high - 1);
    pen.globalAlpha = 1;
    if (!(flag & AGAIN)) return;
    pen.fillStyle = again;
    const side = Math.max(3, wide / 4);
    pen.fillRect(x + (wide - side) / 2, y + (high - side) / 2, side, side);
  });
}

/**
 * How sure the model was of the tokens of a time step, over its frame.
 * @param {Pen} pen
 * @param {Tokens} tokens
 * @param {number} t
 * @param {Pair} frame
 */
export function drawConfidence(pen, { confidence, grid, given }, t, frame) {
  if (t < given) return;
  each(t, grid, frame, (index, box) => {
    pen.fillStyle = `rgb(255 255 255 / ${0.8 * confidence[index]})`;
    pen.fillRect(...box);
  });
}

/**
 * @param {number} t
 * @param {Grid} grid
 * @param {Pair} frame
 * @param {(index: number, box: import("../types.js").Box) => void} draw
 */
function each(t, grid, frame, draw) {
  const [, rows, columns] = grid;
  const [wide, high] = [frame[0] / columns, frame[1] / rows];
  for (let h = 0; h < rows; h++) {
    for (let w = 0; w < columns; w++) {
      draw(indexAt([t, h, w], grid), [w * wide, h * high, wide, high]);
    }
  }
}
