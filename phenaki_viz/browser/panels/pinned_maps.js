// Pinned heads side by side, each with its row over frames: pointed at and picked together.
/** @import { Pair, Pick, Point, Scale } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";
import { cellName } from "../numbers/axis.js";
import { pixelOf, pixels } from "../numbers/colour.js";
import { measurer, placer } from "../numbers/scale.js";
import { valuesOf } from "../numbers/weight_codes.js";
import { fit, imageOf } from "../page/canvas.js";
import { ARROWS, consume, element, withoutModifiers } from "../page/elements.js";
import { LinkedPanel } from "../page/linked.js";
import { handed } from "../page/page.js";
import { show } from "../page/panel.js";
import { PinnedFilm } from "../pinned/film.js";
import { drawMap } from "../pinned/painting.js";
import { say, sayScale } from "../pinned/said.js";

const NARROWEST = 200;
const WIDEST = 380;
const BETWEEN = 16;

export class PinnedMaps extends LinkedPanel {
  /** The weights of all maps, one after the other. @type {Float32Array} */
  values;
  /** Of all of them. @type {Scale} */
  scale;
  /** One dot a value. @type {OffscreenCanvas[]} */
  pictures = [];
  /** @type {HTMLCanvasElement[]} */
  canvases = [];
  /** Canvases for the frames under them; none without frames. @type {HTMLCanvasElement[]} */
  films = [];
  /** The heads that figures were made for, as JSON. */
  plan = "";
  /** Of a map; null until laid out. @type {Pair | null} */
  size = null;
  /** Query and key under the pointer. @type {Pair | null} */
  hovered = null;
  /** What another picture points at. @type {Point | null} */
  guide = null;

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    this.box = this.find(".maps");
    this.film = new PinnedFilm(this);
  }

  take() {
    const {
      labels,
      shape: [rows, columns],
      colours,
    } = this.head;
    const scale = handed(this.head.scale);
    this.scale = scale;
    const ramp = pixels(this.parts.table);
    const place = placer(scale);
    const flags = [pixelOf(colours.masked), pixelOf(colours.wrong)];
    const each = rows * columns;
    this.values = valuesOf(this.parts);
    const { total, cell, shape } = this.head;
    const measure = measurer(scale, this.parts.uniform, { window: [0, total[0]], cell, shape });
    this.pictures = labels.map((_, map) =>
      imageOf(columns, rows, (dots) => {
        for (let i = 0; i < each; i++) {
          const value = this.values[map * each + i];
          if (Number.isFinite(value)) dots[i] = ramp[Math.round(255 * place(measure(value, i)))];
          else dots[i] = Number.isNaN(value) ? flags[0] : flags[1];
        }
      }),
    );
    this.hovered = null;
    this.mount();
    sayScale(this);
  }

  // One figure a head; made anew only when the heads are others.
  mount() {
    const { labels, film } = this.head;
    const plan = JSON.stringify([labels, Boolean(film)]);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = labels.map(() => element("canvas", { tabIndex: 0, role: "img" }));
    this.films = film ? labels.map(() => element("canvas", { className: "film" })) : [];
    const figures = labels.map((label, map) => {
      const unpin = () => this.tell("unpin", { map });
      const button = element("button", { type: "button", textContent: "Unpin", onclick: unpin });
      button.ariaLabel = `Unpin ${label}`;
      const tools = element("div", { className: "tools" }, button);
      const heading = element("header", {}, element("b", { textContent: label }), tools);
      const pictures = [this.canvases[map], this.films[map]].filter(Boolean);
      return element("figure", { className: "pinned" }, heading, ...pictures);
    });
    for (const canvas of this.canvases) {
      canvas.onpointermove = (event) => this.point(this.at(event));
      canvas.onpointerleave = () => this.point(null);
      canvas.onclick = (event) => this.pick(this.at(event));
      canvas.onkeydown = (event) => this.key(event);
    }
    this.box.replaceChildren(...figures);
  }

  /** @returns {[query: number, key: number | null]} */
  get picked() {
    const [query, key] = this.memory.picked ?? [0, null]; // until the selection is here
    const [rows, columns] = this.head.total;
    return [clamp(query, 0, rows - 1), key === null ? null : clamp(key, 0, columns - 1)];
  }

  draw() {
    if (!this.width) return; // not laid out yet: it is drawn when it is
    const {
      labels,
      total: [rows, columns],
    } = this.head;
    const most = Math.max(1, Math.floor((this.width + BETWEEN) / (NARROWEST + BETWEEN)));
    const across = Math.min(labels.length, most);
    const wide = Math.floor(Math.min(WIDEST, (this.width - BETWEEN * (across - 1)) / across));
    this.size = [wide, Math.round(clamp((wide * rows) / columns, wide / 2, 1.3 * wide))];
    this.box.style.gridTemplateColumns = `repeat(${across}, ${wide}px)`;
    if (this.head.film) this.film.lay(wide);
    this.paint();
  }

  paint() {
    if (!this.size) return;
    this.canvases.forEach((canvas, map) => {
      drawMap(fit(canvas, this.size), this.size, this.pictures[map], this.head, this);
    });
    if (this.head.film) this.film.paint();
    say(this);
  }

  // Frames, or lines of large maps, that Python has sent.
  offered(name) {
    const { film, lines } = this.head ?? {};
    if (film && [film.name, lines].includes(name)) this.soon("paint");
  }

  /** @param {Point | null} point */
  pointed(point) {
    this.guide = point && point.link === this.head?.link ? point : null;
    if (this.size) this.soon("paint");
  }

  /** @param {Pick} pick */
  adopt(pick) {
    const { link, query, key } = pick;
    this.misses(pick);
    if (link !== this.head.link || !Number.isInteger(query)) return false;
    const before = String(this.memory.picked);
    this.memory.picked = [query, key];
    return before !== String(this.memory.picked);
  }

  /** @param {Pick} pick */
  onSelection(pick) {
    if (this.head?.link && this.adopt(pick)) this.soon("paint");
  }

  reading(map, query, key) {
    const {
      shape: [rows, columns],
      cell,
    } = this.head;
    const [row, column] = [Math.floor(query / cell[0]), Math.floor(key / cell[1])];
    return this.values[(map * rows + row) * columns + column];
  }

  /** @returns {Pair | null} query and key */
  at({ offsetX, offsetY }) {
    const [wide, high] = this.size;
    const [rows, columns] = this.head.total;
    /** @type {Pair} */
    const cell = [Math.floor((offsetY / high) * rows), Math.floor((offsetX / wide) * columns)];
    const inside = cell[0] >= 0 && cell[0] < rows && cell[1] >= 0 && cell[1] < columns;
    return inside ? cell : null;
  }

  /** @param {Pair | null} cell */
  point(cell) {
    if (String(cell) === String(this.hovered)) return;
    this.hovered = cell;
    this.pointTogether(cell && { query: cell[0], key: cell[1] });
    this.promptly("paint");
  }

  /** @param {[query: number, key: number | null] | null} cell */
  pick(cell) {
    if (!cell || String(cell) === String(this.picked)) return;
    const [query, key] = cell;
    this.memory.picked = cell;
    this.soon("paint");
    this.find(".aloud").textContent = `Query ${cellName(this.head.query, query)}`;
    this.pickTogether({ query, key }, { query, key });
  }

  key(event) {
    if (!withoutModifiers(event)) return;
    const [query, key] = this.picked;
    const [rows, columns] = this.head.total;
    const group = this.head.query.breaks[0] ?? 1;
    const moves = { ...ARROWS, PageUp: [-group, 0], PageDown: [group, 0] };
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      const next = right ? clamp((key ?? -right) + right, 0, columns - 1) : key;
      this.hovered = null;
      this.pick([clamp(query + down, 0, rows - 1), next]);
    } else if (event.key === "Escape") this.pick([query, null]);
    else if (event.key === "Delete" || event.key === "p") {
      this.tell("unpin", { map: this.canvases.indexOf(event.currentTarget) });
    } else return;
    consume(event);
  }
}

export default (call) => show(PinnedMaps, call);
