// How wide the frames of a strip are, and on how many lines they stand.
import { clamp } from "../numbers/arithmetic.js";
import { EVEN_ENOUGH } from "../page/canvas.js";

export const GAP = 3; // between frames of one step
export const BETWEEN = 14; // between steps
export const CAPTION = 27; // pixels under a frame
export const LARGEST_FRAME = 200;
const LEAST_FITTING = 44; // pixels: smaller frames are put on another line
const LEAST_SEEN = 32; // pixels: where lines over and under them leave no room, they take it
const LEAST_KEPT = 0.9; // of a frame's width, for patches that are alike

/**
 * How wide all frames are: on one line if that leaves them large enough, else on two, …
 * @param {number[]} steps how many frames each has
 * @param {number} room
 * @param {((lines: number) => number) | 0} fitting the widest of which so many lines fit into the
 *   height there is; 0 for any height
 */
export function frameWidth(steps, room, fitting) {
  const widest = fitting || (() => LARGEST_FRAME);
  const most = Math.max(widest(1), LEAST_SEEN);
  const least = Math.min(fitting ? LEAST_FITTING : clamp(room / 4, 64, 96), most);
  const alone = (room - (Math.max(...steps) - 1) * GAP) / Math.max(...steps);
  for (let lines = 1; lines <= steps.length + 1; lines++) {
    for (let wide = Math.max(widest(lines), least); wide >= least; wide--) {
      if (linesOf(steps, wide, room) <= lines) return Math.floor(Math.min(wide, alone));
    }
  }
  return Math.floor(Math.min(least, alone));
}

/**
 * The nearest smaller width in which all patches are as many dots wide, where that costs little:
 * others have to be enlarged and shrunk at every move. Of large ones a dot more is not seen.
 * @param {number} wide
 * @param {number} columns patches side by side
 * @param {number} dots of the screen, a pixel
 */
export function evenWidth(wide, columns, dots) {
  const each = (wide * dots) / columns;
  const even = (Math.floor(each) * columns) / dots;
  return each > EVEN_ENOUGH || even < LEAST_KEPT * wide ? wide : even;
}

/**
 * @param {number[]} steps
 * @param {number} wide
 * @param {number} room
 */
export function linesOf(steps, wide, room) {
  let [lines, x] = [1, 0];
  for (const frames of steps) {
    const width = stepWidth(frames, wide);
    if (x && x + width > room) [lines, x] = [lines + 1, 0];
    x += width + BETWEEN;
  }
  return lines;
}

/**
 * @param {number} frames
 * @param {number} wide
 */
export const stepWidth = (frames, wide) => frames * wide + (frames - 1) * GAP;

/**
 * The largest frame of which so many lines fit into a height.
 * @param {number} height
 * @param {number} lines
 * @param {number} ratio width of a frame by its height
 * @param {boolean} beside weights apart have a frame of their own
 */
export function widestOf(height, lines, ratio, beside) {
  const under = CAPTION * (beside ? 2 : 1);
  const each = (height - 12 * (lines - 1)) / lines - under;
  return clamp((beside ? each / 2 : each) * ratio, 1, LARGEST_FRAME);
}
