// The tiles of the grid, their numbers, labels and marks.
/** @import { Box, Pair, Pen } from "../types.js" */
/** @import { Theme } from "../page/elements.js" */
import { isBright, pixels } from "../numbers/colour.js";
import { spoken } from "../numbers/words.js";
import { copy, imageOf } from "../page/canvas.js";
import { BAR, GRID_FONT, sameTile } from "./layout.js";

/**
 * All tiles side by side, one dot a cell: painted once for each new data.
 * @param {{ codes: Uint8Array, table: Uint8Array }} parts
 * @param {Pair} tiles rows and columns of tiles
 * @param {Pair} cell height and width of a tile, in dots
 */
export function mosaicOf({ codes, table }, [rows, columns], [y, x]) {
  const colours = pixels(table);
  const width = columns * x;
  return imageOf(width, rows * y, (dots) => {
    for (let i = 0; i < codes.length; i++) {
      const tile = Math.floor(i / (x * y));
      const row = Math.floor(tile / columns) * y + Math.floor((i % (x * y)) / x);
      dots[row * width + (tile % columns) * x + (i % x)] = colours[codes[i]];
    }
  });
}

/**
 * @param {Float32Array | undefined} values one a tile
 * @returns {{ low: number, high: number }} with 0 between
 */
export function endsOf(values) {
  const finite = [...(values ?? [])].filter(Number.isFinite);
  return { low: Math.min(0, ...finite), high: Math.max(0, ...finite) };
}

/** Draws the tiles of one grid, as they stand when it is made. */
export class GridPainter {
  /**
   * @param {import("../panels/head_grid.js").HeadGrid} grid
   * @param {Pen} pen
   */
  constructor(grid, pen) {
    this.grid = grid;
    this.pen = pen;
    this.theme = grid.theme;
  }

  draw() {
    const { slots, named } = this.grid.layout;
    if (this.grid.head.slim) this.drawLayers();
    else if (!named) this.drawLabels();
    for (const slot of slots) this.drawTile(slot);
    if (!slots.length) this.drawNone();
  }

  drawTile({ tile, box }) {
    const { pen, grid } = this;
    const [layer, head] = tile;
    const [y, x] = grid.head.cell;
    const within = grid.head.framed ? inProportion(box, y / x) : box;
    copy(pen, grid.mosaic, [head * x, layer * y, x, y], within);
    pen.strokeStyle = this.theme.text;
    pen.globalAlpha = 0.16;
    pen.strokeRect(box[0] - 0.5, box[1] - 0.5, box[2] + 1, box[3] + 1);
    pen.globalAlpha = 1;
    if (grid.head.filled) this.drawNumber(tile, box);
    else if (grid.parts.values) this.drawBar(box, grid.value(tile));
    if (grid.layout.named) this.drawName(tile, box);
  }

  drawName(tile, [x, y, width]) {
    const { pen, grid } = this;
    this.write(sameTile(tile, grid.picked) ? 700 : 400, ["left", "alphabetic"]);
    const label = grid.label(tile);
    const short = pen.measureText(label).width > width;
    pen.fillText(short ? label.replace(" ", "") : label, x, y - 4);
  }

  drawNone() {
    this.pen.font = `13px ${this.theme.font}`;
    this.pen.fillStyle = this.theme.text;
    this.pen.fillText("No head passes the filter.", 4, 18);
  }

  // On the colour that it has, where there is room for it.
  drawNumber([layer, head], [x, y, tile]) {
    const { pen, grid } = this;
    const value = grid.value([layer, head]);
    const text = Number.isFinite(value) ? spoken(value, 2) : "";
    this.write(600, ["center", "middle"]);
    if (!text || pen.measureText(text).width > tile - 4) return;
    const [down, across] = grid.head.cell;
    const dot = 3 * grid.parts.codes[(layer * grid.columns + head) * down * across];
    const isLight = isBright(grid.parts.table.subarray(dot, dot + 3));
    pen.fillStyle = isLight ? "#111111" : "#ffffff";
    pen.fillText(text, x + tile / 2, y + tile / 2);
  }

  drawBar([x, y, tile], value) {
    const { pen } = this;
    const { low, high } = this.grid.ends;
    const share = Number.isFinite(value) ? (value - low) / (high - low || 1) : 0;
    pen.fillStyle = this.theme.text;
    pen.globalAlpha = 0.14;
    pen.fillRect(x, y + tile + 2, tile, BAR);
    pen.globalAlpha = 0.75;
    pen.fillRect(x, y + tile + 2, tile * share, BAR);
    pen.globalAlpha = 1;
  }

  // Each layer's name over its first head.
  drawLayers() {
    const [layer] = this.grid.picked;
    this.grid.head.layers.forEach((name, l) => {
      const [x, y] = this.grid.box([l, 0]);
      this.write(l === layer ? 700 : 400, ["left", "alphabetic"]);
      this.pen.globalAlpha = l === layer ? 1 : 0.72;
      this.pen.fillText(name, x, y - 4);
      this.pen.globalAlpha = 1;
    });
  }

  drawLabels() {
    const { layers, heads, means } = this.grid.head;
    const { tile, gap } = this.grid.layout;
    const [layer, head] = this.grid.picked;
    this.write(700, ["center", "alphabetic"]);
    const across = fitting((text) => this.pen.measureText(text).width, heads, tile + gap - 3);
    heads.forEach((_, h) => {
      this.drawLabel(across(h, h === head), h === head, [0, h], true);
    });
    const every = Math.ceil(GRID_FONT / (tile + gap));
    layers.forEach((name, l) => {
      if (l % every === 0 || l === layer) this.drawLabel(name, l === layer, [l, 0], false);
    });
    if (!means) return;
    this.drawLabel(tile < 26 ? "x̄" : "mean", false, [0, heads.length], true);
    this.drawLabel("mean", false, [layers.length, 0], false);
  }

  drawLabel(text, strong, at, above) {
    const { pen } = this;
    const { left, top, tile } = this.grid.layout;
    const [x, y] = this.grid.box(at);
    this.write(strong ? 700 : 400, above ? ["center", "alphabetic"] : ["right", "middle"]);
    pen.globalAlpha = strong ? 1 : 0.62;
    if (above) pen.fillText(text, x + tile / 2, top - 7);
    else pen.fillText(text, left - 7, y + tile / 2);
    pen.globalAlpha = 1;
  }

  write(weight, [align, baseline]) {
    this.pen.font = `${weight} ${GRID_FONT}px ${this.theme.font}`;
    this.pen.fillStyle = this.theme.text;
    [this.pen.textAlign, this.pen.textBaseline] = [align, baseline];
  }
}

/**
 * Column labels in the room there is: whole, then their digits, then only every second, third, …
 * @param {(text: string) => number} measure
 * @param {string[]} names
 * @param {number} room
 * @returns {(index: number, strong: boolean) => string} a strong one is shown in any case
 */
export function fitting(measure, names, room) {
  /** @param {string[]} texts */
  const widest = (texts) => Math.max(...texts.map(measure));
  const digits = names.map((name) => name.replace(/^\D+(?=\d)/, ""));
  const shown = widest(names) <= room ? names : digits;
  const every = Math.ceil(widest(shown) / room);
  return (index, strong) => (index % every === 0 || strong ? shown[index] : "");
}

/**
 * The largest box of some proportions in the midst of another.
 * @param {Box} box
 * @param {number} ratio height over width
 * @returns {Box}
 */
export function inProportion([x, y, width, height], ratio) {
  const [across, down] = [Math.min(width, height / ratio), Math.min(height, width * ratio)];
  return [x + (width - across) / 2, y + (height - down) / 2, across, down];
}

/**
 * @param {Pen} pen
 * @param {Box} box
 * @param {number} below pixels of the bar, which is held in
 * @param {string} colour
 * @param {number} line
 */
export function outline(pen, [x, y, width, height], below, colour, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x - line / 2, y - line / 2, width + line, height + below + line);
  pen.lineWidth = 1;
}

/**
 * A pinned tile's number, in its corner.
 * @param {Pen} pen
 * @param {Box} box
 * @param {string} number
 * @param {string} colour
 * @param {Theme} theme
 */
export function drawPin(pen, box, number, colour, theme) {
  const radius = Math.min(8, box[2] / 3);
  const [x, y] = [box[0] + box[2] - radius - 1, box[1] + radius + 1];
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
  pen.fillStyle = "#000";
  pen.font = `700 ${Math.round(1.4 * radius)}px ${theme.font}`;
  [pen.textAlign, pen.textBaseline] = ["center", "middle"];
  pen.fillText(number, x, y + 0.5);
}
