// One map, large: zoom, pan, read the raw weight, pick a query and a key.
/** @import { Pair, Pick, Point, Scale, Tile } from "../types.js" */
import { drawLegend, sayCut, ZoomButtons } from "../map/beside.js";
import { colour } from "../map/cells.js";
import { Finer } from "../map/finer.js";
import { Geometry, wholeOf } from "../map/geometry.js";
import { Histogram } from "../map/histogram.js";
import { pressed } from "../map/keys.js";
import { FONT, LEGEND, layOut, NARROW } from "../map/layout.js";
import { noteView, paintBase, paintTop } from "../map/painting.js";
import { Pointer } from "../map/pointer.js";
import { reading } from "../map/reading.js";
import { saidOfPick, say } from "../map/said.js";
import { Zoom } from "../map/zoom.js";
import { clamp } from "../numbers/arithmetic.js";
import { indexOf } from "../numbers/axis.js";
import { filterOf } from "../numbers/row_filter.js";
import { valuesOf } from "../numbers/weight_codes.js";
import { penOf } from "../page/canvas.js";
import { LinkedPanel } from "../page/linked.js";
import { handed, publish, weightsName, withdraw } from "../page/page.js";
import { show } from "../page/panel.js";

export class AttentionMap extends LinkedPanel {
  /** The values that are here, and those of the whole map, if they are another, coarser tile.
   * @type {Tile} */
  tile;
  /** @type {Tile | null} */
  coarse = null;
  /** @type {Scale} */
  scale;
  /** Query and key under the pointer. @type {Pair | null} */
  hovered = null;
  /** What another picture points at. @type {Point | null} */
  guide = null;
  /** @type {(import("../map/layout.js").Layout & { spare: number }) | null} */
  layout = null;
  /** The name under which the weights are offered. @type {string} */
  offering;

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    /** @type {HTMLCanvasElement} */
    this.base = this.find(".base");
    /** @type {HTMLCanvasElement} */
    this.top = this.find(".top");
    this.top.onkeydown = (event) => pressed(this, event);
    this.pointer = new Pointer(this, this.top);
    this.finer = new Finer(this);
    this.histogram = new Histogram(this.find(".legend"), this);
    this.zoom = new Zoom(this);
    this.buttons = new ZoomButtons(this, this.find(".tools"));
  }

  close() {
    super.close();
    this.histogram.close();
    this.finer.stop();
    this.zoom.close();
    this.withdrawWeights();
  }

  // The coarse picture belongs to its source.
  take() {
    const { total, shape, window: part, source, cell, scale } = this.head;
    this.zoom.take();
    const values = valuesOf(this.parts, this.head);
    const rowFilter = filterOf(this.head, this.parts, values);
    this.scale = handed(scale);
    this.tile = { window: part, cell, shape, values, ranks: this.parts.ranks, rowFilter };
    this.colour(this.tile);
    const whole = String(part) === String(wholeOf(total));
    this.offerWeights(whole && String(cell) === "1,1", values);
    if (whole) this.coarse = { ...this.tile, source };
    else if (!source || this.coarse?.source !== source) this.coarse = null;
    this.finer.came();
    sayCut(this);
    if (this.pushed) this.zoom.reveal();
    this.pushed = false;
    this.finer.soon();
  }

  // Others on the page may read every weight here without asking Python.
  offerWeights(complete, values) {
    const { weights: of, query, key, total } = this.head;
    if (this.offering !== of || !complete) this.withdrawWeights();
    this.offering = of;
    const { uniform } = this.parts;
    if (of && complete) publish(weightsName(of), { of, values, query, key, total, uniform });
  }

  withdrawWeights() {
    withdraw(weightsName(this.offering), this.offering);
  }

  /** @param {Tile} tile */
  colour(tile) {
    const { table, uniform } = this.parts;
    colour(tile, { scale: this.scale, table, uniform, colours: this.head.colours });
  }

  /**
   * While an end of the colours is moved: this map alone; the others follow when Python answers.
   * @param {Pair} ends
   */
  live([low, high]) {
    this.scale = { ...this.scale, low, high, hand: true, scope: "set by hand" };
    for (const tile of new Set(this.tiles)) this.colour(tile);
    this.soon("paint");
  }

  /** @param {Pair | null} ends */
  settle(ends) {
    this.tell("ends", { ends });
  }

  /** What is on view. */
  get view() {
    return this.zoom.part;
  }

  /** Null until it is laid out. */
  get geometry() {
    const apart = this.tile?.cell[1] === 1;
    return this.layout && new Geometry(this.layout.plot, this.view, this.head.key.nulls, apart);
  }

  // ---- what is selected, and pointed at

  /** @returns {[query: number, key: number | null]} */
  get picked() {
    const [query, key] = this.memory.picked ?? [0, null]; // until the selection is here
    const [rows, columns] = this.head.total;
    return [clamp(query, 0, rows - 1), (key ?? null) === null ? null : clamp(key, 0, columns - 1)];
  }

  /** @param {Pick} pick */
  adopt(pick) {
    const { link, query, key, places } = pick;
    this.misses(pick);
    if (link !== this.head.link || !Number.isInteger(query)) return false;
    const rows = (places ?? []).slice(1).map((place) => indexOf(this.head.query, place));
    const before = JSON.stringify([this.memory.picked, this.memory.also]);
    this.memory.picked = [query, key];
    this.memory.also = rows.filter(Number.isInteger);
    return before !== JSON.stringify([this.memory.picked, this.memory.also]);
  }

  /** @param {Pick} pick */
  onSelection(pick) {
    const first = !this.memory?.picked; // a link's view stands, wherever its query is
    if (!this.head?.link || !this.adopt(pick)) return;
    if (!first) this.zoom.reveal();
    this.soon("paintTop");
  }

  /** @param {Point | null} point */
  pointed(point) {
    this.guide = point && point.link === this.head?.link ? point : null;
    if (this.layout) this.soon("paintTop");
  }

  /** @param {Pair | null} cell */
  point(cell) {
    if (!this.layout || String(cell) === String(this.hovered)) return;
    this.hovered = cell;
    this.pointTogether(cell && { query: cell[0], key: cell[1] });
    this.promptly("paintTop");
  }

  /**
   * @param {number} query
   * @param {number | null} key
   */
  pick(query, key) {
    if (String([query, key]) === String(this.picked)) return;
    this.memory.picked = [query, key];
    this.memory.also = [];
    this.zoom.reveal();
    this.soon("paintTop");
    this.sayAloud(saidOfPick(this));
    this.pickTogether({ query, key }, { query, key });
  }

  // ---- the picture: the base when data or view change, the top when the pointer moves

  /** What there is to read from, the finest first. */
  get tiles() {
    return this.coarse ? [this.tile, this.coarse] : [this.tile];
  }

  /**
   * @param {number} query
   * @param {number} key
   */
  reading(query, key) {
    return reading(this.tiles, query, key);
  }

  // How high a legend under a narrow map is, is known once it is drawn.
  draw() {
    this.lay();
    this.paint();
    if (this.spare === this.layout.spare) return;
    this.lay();
    this.paint();
  }

  /** What the page's height leaves for the canvas. */
  get spare() {
    const under = this.width < NARROW ? [".side"] : [];
    return this.left(".filter", ".foot", ".notes", ...under) - 4;
  }

  lay() {
    const pen = penOf(this.base);
    pen.font = `${FONT}px ${this.theme.font}`;
    const { spare, width } = this;
    const plan = layOut(this.head, width, spare, (text) => pen.measureText(text).width);
    this.layout = { ...plan, spare };
    const {
      size: [wide],
      plot: { top },
    } = this.layout;
    this.panel.style.setProperty("--wide", `${Math.max(wide + LEGEND, 480)}px`);
    this.panel.style.setProperty("--top", `${top}px`);
  }

  paint() {
    paintBase(this);
    drawLegend(this);
    this.paintTop();
    this.buttons.say();
    noteView(this);
  }

  paintTop() {
    paintTop(this);
    say(this);
  }
}

export default (call) => show(AttentionMap, call);
