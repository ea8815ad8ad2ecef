// The cells of a map: coloured once for new data, then copied to where they are on view.
/** @import { Axis, Box, Pen, Scale, Tile } from "../types.js" */
/** @import { Theme } from "../page/elements.js" */
/** @import { Geometry } from "./geometry.js" */
import { isBright, mixed, pixelOf, pixels } from "../numbers/colour.js";
import { measurer, placer } from "../numbers/scale.js";
import { spoken } from "../numbers/words.js";
import { copy, imageOf } from "../page/canvas.js";
import { FONT } from "./layout.js";
import { reading } from "./reading.js";

/** @typedef {{ scale: Scale, table: Uint8Array, uniform?: Float32Array,
 *   colours: Record<string, string> }} Colouring */

/**
 * Give a tile its picture, one dot a value; `measured` is what colours follow.
 * @param {Tile} tile
 * @param {Colouring} by
 */
export function colour(tile, { scale, table, uniform, colours }) {
  const {
    shape: [rows, columns],
    values,
    rowFilter,
  } = tile;
  const ramp = pixels(table);
  const away = rowFilter ? pixelOf(rowFilter.colour) : 0;
  const place = placer(scale);
  const measure = measurer(scale, uniform, tile);
  const [masked, wrong] = [pixelOf(colours.masked), pixelOf(colours.wrong)];
  const has = { masked: false, wrong: false };
  tile.measured ??= values.map((value, i) => measure(rowFilter ? rowFilter.shown(i) : value, i));
  const { measured } = tile;
  tile.picture = imageOf(columns, rows, (dots) => {
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) {
        const own = ramp[Math.round(255 * place(measured[i]))];
        dots[i] = rowFilter ? mixed(own, away, rowFilter.kept(i)) : own;
      } else if (Number.isNaN(values[i])) [dots[i], has.masked] = [masked, true];
      else [dots[i], has.wrong] = [wrong, true];
    }
  });
  tile.has = has;
}

/**
 * Only the cells on view, whole ones, so that a deep zoom does not enlarge the rest.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Tile} tile
 */
export function drawTile(pen, on, tile) {
  const [, , c0, c1] = on.view;
  if (!on.gap) return drawPart(pen, on, tile, c0, c1);
  drawPart(pen, on, tile, c0, on.nulls);
  drawPart(pen, on, tile, on.nulls, c1);
}

/**
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Tile} tile
 * @param {number} c0 first column, and last (excluded), that are drawn
 * @param {number} c1
 */
function drawPart(pen, on, tile, c0, c1) {
  const {
    window: [w0, w1, v0, v1],
    cell: [tall, broad],
    picture,
  } = tile;
  const [r0, r1] = on.view;
  const rows = [Math.max(w0, r0), Math.min(w1, r1)].map((at) => (at - w0) / tall);
  const columns = [Math.max(v0, c0), Math.min(v1, c1)].map((at) => (at - v0) / broad);
  const [row, column] = [Math.floor(rows[0]), Math.floor(columns[0])];
  const [down, right] = [Math.ceil(rows[1]) - row, Math.ceil(columns[1]) - column];
  if (down <= 0 || right <= 0 || !picture) return;
  const [x, y] = [on.x(v0 + column * broad), on.y(w0 + row * tall)];
  const width = on.x(v0 + (column + right) * broad, true) - x;
  copy(pen, picture, [column, row, right, down], [x, y, width, on.y(w0 + (row + down) * tall) - y]);
}

/**
 * Lines between time steps, where they are not too many.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {{ query: Axis, key: Axis, colours: Record<string, string> }} head
 */
export function drawBreaks(pen, on, { query, key, colours }) {
  const { left, top, width, height } = on.plot;
  /** @type {(axis: Axis, along: number) => boolean} */
  const isDense = (axis, along) => along / axis.breaks.length < 7;
  pen.fillStyle = colours.line;
  pen.globalAlpha = 0.4;
  if (!isDense(query, height)) {
    for (const at of query.breaks) pen.fillRect(left, Math.round(on.y(at)), width, 1);
  }
  if (!isDense(key, width)) {
    const inside = key.breaks.filter((at) => at !== key.nulls || !on.gap);
    for (const at of inside) pen.fillRect(Math.round(on.x(at)), top, 1, height);
  }
  pen.globalAlpha = 1;
}

/**
 * Cells that are large enough hold their own number.
 * @param {Pen} pen
 * @param {Geometry} on
 * @param {Tile[]} tiles the finest first
 * @param {Colouring & { theme: Theme }} by
 */
export function drawNumbers(pen, on, tiles, { scale, table, theme }) {
  const [r0, r1, c0, c1] = on.view;
  const [wide, high] = on.cell;
  if (wide < 54 || high < 20 || Math.max(...tiles[0].cell) > 1) return;
  const place = placer(scale);
  pen.font = `${FONT}px ${theme.font}`;
  [pen.textAlign, pen.textBaseline] = ["center", "middle"];
  for (let row = Math.floor(r0); row < r1; row++) {
    for (let column = Math.floor(c0); column < c1; column++) {
      const found = reading(tiles, row, column);
      if (!found || !Number.isFinite(found.value)) continue;
      pen.fillStyle = inkOn(found, place, table);
      pen.fillText(spoken(found.value, 3), on.x(column + 0.5), on.y(row + 0.5));
    }
  }
}

/**
 * @param {import("./reading.js").Reading} found
 * @param {(value: number) => number} place
 * @param {Uint8Array} table
 */
function inkOn({ tile: { rowFilter, values, measured = values }, index }, place, table) {
  const at = 3 * Math.round(255 * place(measured[index]));
  const isPainted = rowFilter && rowFilter.kept(index) < 1;
  return isBright(table.subarray(at, at + 3)) && !isPainted ? "#000" : "#fff";
}

/**
 * Draw inside a box alone.
 * @param {Pen} pen
 * @param {Box} box
 * @param {() => void} draw
 */
export function clipped(pen, box, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(...box);
  pen.clip();
  draw();
  pen.restore();
}
