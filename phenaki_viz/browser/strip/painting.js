// What lies over one frame: hatching, the patch grid, boxes around patches.
/** @import { Grid, Pair, Pen, Place } from "../types.js" */
import { outlinePatch } from "../page/canvas.js";

const HATCH = 5; // pixels between the diagonals over masked patches

// Neighbours of a patch, down and right, and the edge between: from x, y to x, y.
const EDGES = [
  [-1, 0, 0, 0, 1, 0],
  [1, 0, 0, 1, 1, 1],
  [0, -1, 0, 0, 0, 1],
  [0, 1, 1, 0, 1, 1],
];

/** The size of a frame and the patches it is cut into. @typedef {{ frame: Pair, grid: Grid }} Cells */

/**
 * What is marked on a frame.
 * @typedef {{
 *   looked: Place[], band: Place[], guides: { at: Place, as: string }[],
 *   hovered: Place | null, key: Place | null, lines: boolean,
 * }} Marks */

/** @param {Cells} cells @returns {Pair} */
const patchSize = ({ frame, grid }) => [frame[0] / grid[2], frame[1] / grid[1]];

/**
 * @param {Pen} pen
 * @param {Cells} cells
 * @param {Marks} marks all of one time step
 * @param {Record<string, string>} colours
 * @param {string} own colour of the patches that are looked at
 */
export function drawMarks(pen, cells, marks, colours, own) {
  const { looked, band, guides, hovered, key, lines } = marks;
  if (lines) drawLines(pen, cells);
  for (const { at, as } of guides) outlinePatch(pen, at, cells, colours[as], 1);
  if (hovered) outlinePatch(pen, hovered, cells, "#fff", 1.25);
  if (key) outlinePatch(pen, key, cells, colours.key, 2.5);
  if (looked.length === 1) outlinePatch(pen, looked[0], cells, own, 2.5);
  else drawOutline(pen, cells, looked, own);
  drawOutline(pen, cells, band, own);
}

/**
 * Diagonals over what the model was not shown, whatever weights lie there.
 * @param {Pen} pen
 * @param {Cells} cells
 * @param {Uint8Array} masked one a patch of the frame
 */
export function drawHatching(pen, cells, masked) {
  const [width, height] = cells.frame;
  const [wide, high] = patchSize(cells);
  const columns = cells.grid[2];
  pen.save();
  pen.beginPath();
  masked.forEach((is, at) => {
    if (is) pen.rect((at % columns) * wide, Math.floor(at / columns) * high, wide, high);
  });
  pen.clip();
  pen.beginPath();
  for (let x = -height; x < width; x += HATCH) {
    pen.moveTo(x, height);
    pen.lineTo(x + height, 0);
  }
  [pen.strokeStyle, pen.lineWidth] = ["rgb(255 255 255 / 0.42)", 0.8];
  pen.stroke();
  pen.restore();
}

/**
 * @param {Pen} pen
 * @param {Cells} cells
 */
function drawLines(pen, { frame: [width, height], grid: [, rows, columns] }) {
  pen.fillStyle = "rgb(255 255 255 / 0.28)";
  for (let w = 1; w < columns; w++) pen.fillRect((w * width) / columns - 0.5, 0, 1, height);
  for (let h = 1; h < rows; h++) pen.fillRect(0, (h * height) / rows - 0.5, width, 1);
}

/**
 * Around patches that were chosen together: no line between neighbours.
 * @param {Pen} pen
 * @param {Cells} cells
 * @param {Place[]} places
 * @param {string} colour
 */
function drawOutline(pen, cells, places, colour) {
  const [wide, high] = patchSize(cells);
  const has = new Set(places.map(String));
  pen.beginPath();
  for (const [t, h, w] of places) {
    for (const [down, right, x0, y0, x1, y1] of EDGES) {
      if (has.has(String([t, h + down, w + right]))) continue;
      pen.moveTo((w + x0) * wide, (h + y0) * high);
      pen.lineTo((w + x1) * wide, (h + y1) * high);
    }
  }
  pen.lineCap = "square";
  [pen.lineWidth, pen.strokeStyle] = [4.5, "rgb(0 0 0 / 0.6)"];
  pen.stroke();
  [pen.lineWidth, pen.strokeStyle] = [2.5, colour];
  pen.stroke();
}
