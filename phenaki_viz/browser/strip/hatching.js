// Diagonals over what the model was not shown: drawn once, laid over its frames at every move.
/** @import { Grid, Pair, Pen } from "../types.js" */
import { indexAt } from "../numbers/places.js";
import { offscreen } from "../page/canvas.js";
import { drawHatching } from "./painting.js";

export class Hatching {
  /** One a step, as large as a frame; null where all of it was shown. @type {any[]} */
  steps = [];
  /** What they were drawn for. @type {any} */
  masked = null;
  size = "";

  /**
   * @param {Pen} pen
   * @param {number} t
   * @param {{ masked: Uint8Array, grid: Grid, frame: Pair }} of one a patch, 't h w'
   */
  draw(pen, t, { masked, grid, frame }) {
    const size = String([frame, devicePixelRatio]);
    if (masked !== this.masked || size !== this.size) this.steps = [];
    Object.assign(this, { masked, size });
    const own = masked.subarray(indexAt([t, 0, 0], grid), indexAt([t + 1, 0, 0], grid));
    this.steps[t] ??= own.some(Boolean) ? hatched(own, grid, frame) : 0;
    if (this.steps[t]) pen.drawImage(this.steps[t], 0, 0, ...frame);
  }
}

/** @type {(own: Uint8Array, grid: Grid, frame: Pair) => OffscreenCanvas} */
function hatched(own, grid, frame) {
  const { canvas, pen } = offscreen(frame);
  drawHatching(pen, { frame, grid }, own);
  return canvas;
}
