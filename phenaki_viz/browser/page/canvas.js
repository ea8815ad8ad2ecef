// Canvases with as many dots as the screen has, and pictures of one dot a value.
/** @import { Box, Grid, Pair, Pen, Place } from "../types.js" */
import { pixel } from "../numbers/colour.js";

export const EVEN_ENOUGH = 8; // dots: cells above may differ by one
const dotsOfPixel = () => devicePixelRatio || 1;

/**
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @returns {any} the kinds of canvas and of pen that there are, of which types make a riddle
 */
export function penOf(canvas) {
  return canvas.getContext("2d");
}

/** In CSS pixels: to ask a style for them takes longer than to draw. @type {WeakMap<any, Pair>} */
const sizes = new WeakMap();

/**
 * A canvas of so many CSS pixels, cleared.
 * @param {HTMLCanvasElement} canvas
 * @param {Pair} size
 * @returns {CanvasRenderingContext2D}
 */
export function fit(canvas, [width, height]) {
  const dots = dotsOfPixel();
  const [w, h] = [Math.round(width * dots), Math.round(height * dots)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  if (String(sizes.get(canvas)) !== String([width, height])) {
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    sizes.set(canvas, [width, height]);
  }
  const pen = penOf(canvas);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/**
 * The same off the page.
 * @param {Pair} size
 * @param {OffscreenCanvas | null} [used] to be drawn anew where it is as large: canvases are dear
 * @returns {{ canvas: OffscreenCanvas, pen: OffscreenCanvasRenderingContext2D }}
 */
export function offscreen([width, height], used) {
  const dots = dotsOfPixel();
  const canvas = sized(Math.round(width * dots), Math.round(height * dots), used);
  const pen = penOf(canvas);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { canvas, pen };
}

/**
 * @param {number} width
 * @param {number} height
 * @param {OffscreenCanvas | null} [used]
 */
function sized(width, height, used) {
  return used?.width === width && used.height === height
    ? used
    : new OffscreenCanvas(width, height);
}

/**
 * @param {number} width
 * @param {number} height
 * @param {(dots: Uint32Array) => void} fill
 * @param {OffscreenCanvas | null} [used] as of `offscreen`
 */
export function imageOf(width, height, fill, used) {
  const image = new ImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  const canvas = sized(width, height, used);
  penOf(canvas).putImageData(image, 0, 0);
  return canvas;
}

/**
 * Whether cells that are enlarged so come out as wide as their neighbours, or nearly: of those that
 * are wide enough, a dot more or less is not seen.
 * @param {...number} factors from values to CSS pixels
 */
export function isEven(...factors) {
  const factor = Math.max(...factors) * dotsOfPixel();
  return factor > EVEN_ENOUGH || (factor >= 1 && Math.abs(factor - Math.round(factor)) < 1e-3);
}

/** What `copy` enlarges into. @type {OffscreenCanvas | null} */
let large = null;

/**
 * Copy a part of a picture, every cell as wide as its neighbour. Enlarging by a broken factor makes
 * uneven cells; so enlarge to the next whole factor, then shrink smoothly.
 * @param {Pen} pen
 * @param {OffscreenCanvas} picture
 * @param {Box} from
 * @param {Box} to
 */
export function copy(pen, picture, from, to) {
  const factors = [to[2] / from[2], to[3] / from[3]];
  const factor = Math.max(...factors) * dotsOfPixel();
  pen.imageSmoothingQuality = "high";
  if (factor < 1 || isEven(...factors)) {
    pen.imageSmoothingEnabled = factor < 1;
    pen.drawImage(picture, ...from, ...to);
    return;
  }
  const size = [Math.ceil(factor * from[2]), Math.ceil(factor * from[3])];
  const [w, h] = [from[2] * Math.ceil(factor), from[3] * Math.ceil(factor)].map(Math.round);
  large = sized(Math.max(w, size[0]), Math.max(h, size[1]), large);
  const enlarge = penOf(large);
  enlarge.clearRect(0, 0, large.width, large.height);
  enlarge.imageSmoothingEnabled = false;
  enlarge.drawImage(picture, ...from, 0, 0, w, h);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(large, 0, 0, w, h, ...to);
}

/**
 * A patch's box, bright on dark, so that it shows on every frame.
 * @param {Pen} pen
 * @param {Place} place
 * @param {{ frame: Pair, grid: Grid }} of the size of a frame, and its patches
 * @param {string} colour
 * @param {number} line
 */
export function outlinePatch(pen, [, h, w], { frame, grid: [, rows, columns] }, colour, line) {
  const [wide, high] = [frame[0] / columns, frame[1] / rows];
  const inset = line / 2;
  outlineBox(
    pen,
    [w * wide + inset, h * high + inset, wide - line, high - line],
    [
      [line + 2, "rgb(0 0 0 / 0.6)"],
      [line, colour],
    ],
  );
}

/**
 * @param {Pen} pen
 * @param {Box} box
 * @param {[width: number, colour: string][]} lines the undermost first
 */
export function outlineBox(pen, box, lines) {
  for (const [width, colour] of lines) {
    [pen.lineWidth, pen.strokeStyle] = [width, colour];
    pen.strokeRect(...box);
  }
  pen.lineWidth = 1;
}

/**
 * Frame number `at` of bytes 'f H W c' as a picture; c is 1 (grey) or 3.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number[]} shape height, width, channels
 */
export function frameOf(bytes, at, [height, width, channels]) {
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  return imageOf(width, height, (dots) => {
    for (let i = 0, from = at * dots.length * channels; i < dots.length; i++, from += channels) {
      dots[i] = pixel(bytes[from], bytes[from + green], bytes[from + blue]);
    }
  });
}
