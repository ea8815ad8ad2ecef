// Frames, the weights over them or under them, and marks: what a film strip is built on.
/** @import { Pair, Place, Scale } from "../types.js" */
import { gradient, pixelOf, pixels } from "../numbers/colour.js";
import { indexAt } from "../numbers/places.js";
import { placer, saidEnd, saidLaw, saidTop } from "../numbers/scale.js";
import { captionOf } from "../numbers/words.js";
import { fit, imageOf } from "../page/canvas.js";
import { make, swatch } from "../page/elements.js";
import { LinkedPanel } from "../page/linked.js";
import { weightsName } from "../page/room.js";
import { COVER, lit } from "./colours.js";
import { enlarged, picturesOf } from "./film.js";
import { BETWEEN, frameWidth, stepWidth, widestOf } from "./layout.js";
import { drawHatching, drawMarks } from "./painting.js";
import { isSigned, stretched } from "./weighing.js";

const SEEN_THROUGH = 0x59 << 24; // the alpha of a patch without a weight

/**
 * What is built on it says which patches are looked at (`looked`), finds their weights (`look`,
 * which calls `lay`), and puts into words what is shown (`say`).
 */
export class FilmFrames extends LinkedPanel {
  /** What is laid over the frames, 't h w' flat. @type {Float32Array | null} */
  weights = null;
  /** @type {Scale} */
  scale;
  /** @type {Uint8Array} */
  table;
  /** @type {import("../numbers/colour.js").Cover} */
  cover;
  /** One small picture a step. @type {OffscreenCanvas[]} */
  heats = [];
  /** One of them, as large as it is shown. @type {OffscreenCanvas | null} */
  large = null;
  /** One canvas a frame, by step. @type {HTMLCanvasElement[][]} */
  canvases = [];
  /** One a step, where weights stand apart. @type {HTMLCanvasElement[]} */
  apart = [];
  /** The size that frames are drawn in; null until laid out. @type {Pair | null} */
  frame = null;
  /** @type {OffscreenCanvas[] | undefined} */
  enlarged;
  /** The steps that the boxes were made for, as JSON. */
  plan = "";
  /** @type {Place | null} */
  hovered = null;
  /** Patches that another picture points at. @type {{ as: string, at: Place }[]} */
  guides = [];
  /** Patches of the box that is being drawn. @type {Place[] | null} */
  band = null;

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    /** @type {HTMLElement} */
    this.strip = this.find(".strip");
  }

  /** @returns {Place[] | null} */
  get looked() {
    return null;
  }

  /** Whether the weights are those of the patch under the pointer. */
  get follows() {
    return false;
  }

  look() {}
  say() {}

  /**
   * @param {Float32Array} weights
   * @param {any[]} places whose they are
   */
  lay(weights, places) {
    const { memory, parts, head } = this;
    this.weights = weights;
    this.scale = stretched(this.scaleOf(weights, places), memory.contrast ?? 1);
    const signed = isSigned(this.scale);
    this.cover = memory.beside ? COVER.full : signed ? COVER.signed : COVER.rising;
    this.table = signed || memory.beside ? parts.table : lit(parts.table);
    const ramp = pixels(this.table, this.cover);
    const place = placer(this.scale);
    const measured = this.measured(weights, places);
    const masked = (pixelOf(head.colours.masked) & 0xffffff) | SEEN_THROUGH;
    const colourOf = (/** @type {number} */ i) =>
      Number.isFinite(weights[i]) ? ramp[Math.round(255 * place(measured[i]))] : masked;
    this.heats = head.steps.map((_, t) => this.heat(t, colourOf));
    this.drawLegend();
  }

  /**
   * What colours follow: see `measurer`.
   * @param {Float32Array} weights
   * @param {any[]} _places
   */
  measured(weights, _places) {
    const { uniforms } = this.parts;
    if (this.head.scale.law !== "uniform") return weights;
    return weights.map((weight, i) => weight / (uniforms?.[i] || this.head.uniform || 1));
  }

  /**
   * @param {Float32Array} _weights
   * @param {any[]} _places
   * @returns {Scale}
   */
  scaleOf(_weights, _places) {
    return this.head.scale;
  }

  // One step's weights as a small picture: one dot a patch, see-through where they are low.
  heat(t, colourOf) {
    const [, rows, columns] = this.head.grid;
    const first = indexAt([t, 0, 0], this.head.grid);
    const fill = (/** @type {Uint32Array} */ dots) => {
      for (let i = 0; i < dots.length; i++) dots[i] = colourOf(first + i);
    };
    return imageOf(columns, rows, fill, this.heats[t]);
  }

  /**
   * Frames, sent once, by a component of their own.
   * @param {string} name
   */
  offered(name) {
    if (!this.head) return;
    if (name === this.head.film.name) this.soon("draw");
    if (name === weightsName(this.head.weights)) this.soon("say");
  }

  get pictures() {
    return picturesOf(this.head.film);
  }

  // The boxes of steps and frames: made anew only when there are others.
  build() {
    const { steps } = this.head;
    const plan = JSON.stringify(steps);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = steps.map((step) => step.map((frame) => make("canvas", { frame })));
    this.apart = steps.map(() => make("canvas", { className: "apart" }));
    const boxes = steps.map((step, t) => {
      const caption = make("figcaption", { textContent: captionOf(t, step) });
      const frames = make("div", { className: "frames" }, ...this.canvases[t]);
      return make("figure", { className: "step" }, frames, this.apart[t], caption);
    });
    this.strip.replaceChildren(...boxes);
  }

  get ownColour() {
    const { colours, side } = this.head;
    return colours[side === "column" ? "key" : "query"];
  }

  draw() {
    if (!this.width) return; // not laid out yet: it is drawn when it is
    this.layFrames();
    this.enlarged = this.pictures?.map((picture) => enlarged(picture, this.frame));
    this.look();
    this.paint();
  }

  layFrames() {
    const { beside } = this.memory;
    const {
      size: [height, width],
      steps,
    } = this.head;
    const widest = (lines) =>
      widestOf(this.left(".head", ".foot", ".notes"), lines, width / height, beside);
    // A panel's width is told rounded: up to half a pixel may be missing.
    const counts = steps.map((step) => step.length);
    const wide = frameWidth(counts, this.width - 1, this.tall && widest);
    this.frame = [wide, Math.round((wide * height) / width)];
    this.strip.style.setProperty("--between", `${BETWEEN}px`);
    this.strip.style.setProperty("--chosen", this.ownColour);
    counts.forEach((frames, t) => {
      this.box(t).style.width = `${stepWidth(frames, wide)}px`;
    });
    this.panel.classList.toggle("beside", beside);
  }

  /**
   * The box of a step.
   * @param {number} t
   */
  box(t) {
    return /** @type {HTMLElement} */ (this.strip.children[t]);
  }

  paint() {
    if (!this.frame) return;
    this.head.steps.forEach((_, t) => {
      this.paintStep(t);
    });
    this.strip.dataset.painted = String(Number(this.strip.dataset.painted ?? 0) + 1);
    this.strip.dataset.opacity = this.memory.opacity;
    this.say();
  }

  paintStep(t) {
    if (!this.frame) return;
    const { frame, memory, head } = this;
    const marks = this.marksOf(t);
    const cells = { frame, grid: head.grid };
    const mark = (pen) => drawMarks(pen, cells, marks, head.colours, this.ownColour);
    this.large = enlarged(this.heats[t], frame, this.large);
    const heat = this.large;
    this.box(t).classList.toggle("asked", marks.asked.length > 0);
    for (const canvas of this.canvases[t]) {
      const pen = fit(canvas, frame);
      const picture = this.enlarged?.[/** @type {any} */ (canvas).frame];
      if (picture) pen.drawImage(picture, 0, 0, ...frame);
      pen.globalAlpha = memory.beside ? 0 : memory.opacity;
      pen.drawImage(heat, 0, 0, ...frame);
      pen.globalAlpha = 1;
      this.hatch(pen, t);
      mark(pen);
    }
    if (!memory.beside) return;
    const pen = fit(this.apart[t], frame);
    pen.drawImage(heat, 0, 0, ...frame);
    mark(pen);
  }

  // What is marked on the frames of a step.
  marksOf(t) {
    const { head, memory, hovered, guides, band } = this;
    const here = (place) => place?.[0] === t;
    return {
      asked: (this.looked ?? []).filter(here),
      band: (band ?? []).filter(here),
      guides: guides.filter(({ at }) => here(at)),
      hovered: here(hovered) && !this.follows ? hovered : null,
      key: here(memory.key) && head.side === "row" ? memory.key : null,
      lines: memory.lines,
    };
  }

  hatch(pen, t) {
    const { masked } = this.parts;
    if (!masked || this.memory.bare) return;
    const { grid } = this.head;
    const own = masked.subarray(indexAt([t, 0, 0], grid), indexAt([t + 1, 0, 0], grid));
    drawHatching(pen, { frame: this.frame, grid }, own);
  }

  drawLegend() {
    const { scale, memory } = this;
    const bar = make("span", { className: "bar" });
    bar.style.backgroundImage = gradient(this.table, "to right", this.cover);
    const top = saidTop({ ...scale, above: scale.above || memory.contrast > 1 });
    const parts = [saidEnd(scale.low, scale.law), bar, top, ` · ${saidLaw(scale)}`];
    if (this.weights.some(Number.isNaN)) parts.push(swatch(this.head.colours.masked, "no weight"));
    if (this.parts.masked && !memory.bare) {
      const mark = make("span", { className: "hatch" });
      parts.push(make("span", { className: "swatch" }, mark, "masked input"));
    }
    this.find(".legend").replaceChildren(...parts);
  }
}
