// Weights as a picture of one dot a patch, laid over frames: steps stand below one another in it, so
// that all are coloured, and enlarged, in one go.
/** @import { Grid, Pair, Pen } from "../types.js" */
import { copy, imageOf, isEven, offscreen } from "../page/canvas.js";

export class Heats {
  /** @type {Grid} */
  grid = [0, 0, 0];
  /** @type {OffscreenCanvas | null} */
  small = null;
  /** What a last one was drawn on, and whether it is of these weights. */
  large = { canvas: /** @type {OffscreenCanvas | null} */ (null), size: "" };

  /**
   * @param {Grid} grid
   * @param {(at: number) => number} colourOf the pixel of a patch, counted 't h w'
   */
  colour(grid, colourOf) {
    const [steps, rows, columns] = grid;
    this.grid = grid;
    this.large.size = "";
    const fill = (/** @type {Uint32Array} */ dots) => {
      for (let at = 0; at < dots.length; at++) dots[at] = colourOf(at);
    };
    this.small = imageOf(columns, steps * rows, fill, this.small);
  }

  /**
   * Over a frame of a step.
   * @param {Pen} pen
   * @param {number} t
   * @param {Pair} frame its size
   */
  draw(pen, t, frame) {
    const { small } = this;
    const [, rows, columns] = this.grid;
    if (!small) return;
    if (isEven(frame[0] / columns, frame[1] / rows)) {
      copy(pen, small, [0, t * rows, columns, rows], [0, 0, ...frame]);
      return;
    }
    const { canvas, size } = this.enlarged(frame);
    pen.drawImage(canvas, 0, t * size[1], ...size, 0, 0, ...frame);
  }

  /**
   * Cells that do not come out even are shrunk to their size: once for all frames of a step.
   * @param {Pair} frame
   */
  enlarged(frame) {
    const [steps, rows, columns] = this.grid;
    const dots = devicePixelRatio || 1;
    const size = /** @type {Pair} */ (frame.map((pixels) => Math.round(pixels * dots)));
    const [wide, tall] = size.map((each) => each / dots);
    if (this.large.size !== String(size)) {
      const { canvas, pen } = offscreen([wide, steps * tall], this.large.canvas);
      for (let t = 0; t < steps; t++) {
        const from = /** @type {const} */ ([0, t * rows, columns, rows]);
        copy(pen, /** @type {any} */ (this.small), [...from], [0, t * tall, wide, tall]);
      }
      this.large = { canvas, size: String(size) };
    }
    return { canvas: /** @type {OffscreenCanvas} */ (this.large.canvas), size };
  }
}
