// Every head of every layer as a small map: pick one, pin some, look at one alone.
/** @import { Tile } from "../grid/layout.js" */
import { Arranging } from "../grid/arranging.js";
import { GRID_FONT, layLines, layTiles, neighbour, sameTile, tileAt } from "../grid/layout.js";
import { drawPin, endsOf, GridPainter, mosaicOf, outline } from "../grid/painting.js";
import { labelOf, say, wordsOf } from "../grid/said.js";
import { clamp } from "../numbers/arithmetic.js";
import { fit, offscreen, penOf } from "../page/canvas.js";
import { ARROWS, consume, isTyping, withoutModifiers } from "../page/elements.js";
import { Panel, show } from "../page/panel.js";

/** Through layers and heads, from anywhere on the page. */
const STEPS = { "[": [-1, 0], "]": [1, 0], ",": [0, -1], ".": [0, 1] };

export class HeadGrid extends Panel {
  /** @type {import("../grid/layout.js").Layout | null} */
  layout = null;
  /** All tiles, one dot a cell. @type {OffscreenCanvas} */
  mosaic;
  /** The tiles as they stand, without marks. @type {OffscreenCanvas} */
  base;
  /** Of the numbers of heads. */
  ends = { low: 0, high: 0 };
  /** @type {Tile | null} */
  hovered = null;
  warning = "";

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    /** @type {HTMLCanvasElement} */
    this.canvas = this.find("canvas");
    this.canvas.onpointermove = (event) => this.point(this.at(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.pick(this.at(event));
    this.canvas.ondblclick = (event) => this.at(event) && this.arranging.isolate(!this.alone);
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.point(null);
    this.shortcut = (event) => this.step(event);
    document.addEventListener("keydown", this.shortcut);
    this.arranging = new Arranging(this, this.find(".tools"));
  }

  close() {
    super.close();
    document.removeEventListener("keydown", this.shortcut);
  }

  /** @returns {Tile} */
  get picked() {
    return this.inside(this.memory.picked);
  }

  /** @param {Tile} tile @returns {Tile} */
  inside([layer, head]) {
    const { layers, heads } = this.head;
    return [clamp(layer, 0, layers.length - 1), clamp(head, 0, heads.length - 1)];
  }

  get alone() {
    return this.arranging.alone;
  }

  /** @returns {Tile[]} */
  get pins() {
    return this.arranging.pins;
  }

  get columns() {
    return this.head.heads.length + (this.head.means ? 1 : 0);
  }

  /** @param {Tile} tile @returns {number | undefined} */
  value([layer, head]) {
    return this.parts.values?.[layer * this.columns + head];
  }

  /** @param {Tile} tile */
  label(tile) {
    return labelOf(this.head, tile);
  }

  take() {
    const { layers, cell, arrange, means } = this.head;
    if (arrange) this.heeds(arrange, "arrange", "arranged");
    this.mosaic = mosaicOf(this.parts, [layers.length + (means ? 1 : 0), this.columns], cell);
    this.ends = endsOf(this.parts.values);
    this.hovered = null;
    this.warning = "";
    this.find(".tools").hidden = !arrange;
  }

  // ---- the picture

  draw() {
    this.lay();
    const { canvas, pen } = offscreen(this.layout.size);
    this.base = canvas;
    new GridPainter(this, pen).draw();
    this.mark();
    this.noteTiles();
  }

  // For tests and other tools.
  noteTiles() {
    const { left, top, tile, gap, bar, slots } = this.layout;
    Object.assign(this.canvas.dataset, {
      tiles: [left, top, tile + gap, tile + bar + gap, tile],
      order: slots.map((slot) => slot.tile.join(".")).join(" "),
      painted: Number(this.canvas.dataset.painted ?? 0) + 1,
    });
  }

  lay() {
    const { layers, means, filled, slim } = this.head;
    this.panel.classList.toggle("slim", slim);
    if (slim) {
      this.layout = layLines(this.head, this.width);
      return;
    }
    const pen = penOf(this.canvas);
    pen.font = `${GRID_FONT}px ${this.theme.font}`;
    const names = [...layers, means ? "mean" : ""].map((name) => pen.measureText(name).width);
    this.layout = layTiles(this.head, {
      width: this.width,
      tall: this.left(".foot", ".notes"),
      names,
      barred: Boolean(this.parts.values) && !filled,
      alone: this.alone,
      picked: this.picked,
    });
  }

  /** @param {Tile} tile */
  box(tile) {
    return this.layout.slots.find((slot) => sameTile(slot.tile, tile))?.box;
  }

  // What moves with the pointer: the tiles stay as they are.
  mark() {
    const {
      layout: { bar, size },
      head: { colours },
      theme,
    } = this;
    const pen = fit(this.canvas, size);
    pen.drawImage(this.base, 0, 0, ...size);
    const around = (tile, colour, line) => {
      const box = this.box(tile);
      if (box) outline(pen, box, bar, colour, line);
    };
    if (this.hovered) around(this.hovered, theme.text, 1.5);
    around(this.picked, colours.query, 3);
    this.pins.forEach((tile, at) => {
      const box = this.box(tile);
      if (box) drawPin(pen, box, String(at + 1), colours.pin, theme);
    });
    say(this);
  }

  // ---- what the user does

  at({ offsetX, offsetY }) {
    return this.layout && tileAt(this.layout, offsetX, offsetY);
  }

  /** @param {Tile | null} tile */
  point(tile) {
    if (!this.head || String(tile) === String(this.hovered)) return;
    this.hovered = tile;
    this.warning = "";
    this.promptly("mark");
  }

  /** Not a mean. @param {Tile | null} tile */
  isHead(tile) {
    return tile && tile[0] < this.head.layers.length && tile[1] < this.head.heads.length;
  }

  /** @param {Tile | null} tile */
  pick(tile) {
    if (!this.isHead(tile) || (sameTile(tile, this.picked) && !this.head.repeats)) return;
    this.memory.picked = tile;
    const [layer, head] = tile;
    this.draw();
    this.sayAloud(wordsOf(this, tile));
    this.tell("pick", { layer, head });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!withoutModifiers(event)) return;
    const from = this.hovered ?? this.picked;
    const move = ARROWS[event.key];
    if (move) this.point(neighbour(this.layout.slots, from, move));
    else if (event.key === "Enter" || event.key === " ") this.pick(from);
    else if (event.key === "p") this.arranging.pin(from);
    else if (event.key === "i") this.arranging.isolate(!this.alone);
    else if (event.key === "Escape" && this.alone) this.arranging.isolate(false);
    else if (event.key === "Escape" && this.hovered) this.point(null);
    else return;
    if (this.hovered && move) this.sayAloud(wordsOf(this, this.hovered));
    consume(event);
  }

  /** What its keys belong to, where that is not the whole page: a notebook has several grids. */
  get within() {
    const root = /** @type {ShadowRoot} */ (this.panel.getRootNode());
    return root.host?.closest("[data-pv-keys]");
  }

  /** From anywhere on the page but a text field. @param {KeyboardEvent} event */
  step(event) {
    if (!this.head || !withoutModifiers(event) || !(event.key in STEPS) || isTyping(event)) return;
    if (this.within && !event.composedPath().includes(this.within)) return;
    const [down, right] = STEPS[event.key];
    const [layer, head] = this.picked;
    this.pick(this.inside([layer + down, head + right]));
    consume(event);
  }
}

export default (call) => show(HeadGrid, call);
