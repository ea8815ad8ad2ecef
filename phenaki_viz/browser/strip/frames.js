// Frames, the weights over them or under them, and marks: what a film strip is built on.
/** @import { Pair, Place, Scale } from "../types.js" */
import { pixelOf } from "../numbers/colour.js";
import { placer } from "../numbers/scale.js";
import { captionOf } from "../numbers/words.js";
import { fit } from "../page/canvas.js";
import { captioned, widen } from "../page/caption.js";
import { element } from "../page/elements.js";
import { LinkedPanel } from "../page/linked.js";
import { weightsName } from "../page/page.js";
import { note } from "../page/renewing.js";
import { COVER, laidOver } from "./colours.js";
import { enlarged, picturesOf } from "./film.js";
import { Hatching } from "./hatching.js";
import { Heats } from "./heats.js";
import { BETWEEN, evenWidth, frameWidth, stepWidth, widestOf } from "./layout.js";
import { drawLegend } from "./legend.js";
import { drawMarks } from "./painting.js";
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
  heats = new Heats();
  hatching = new Hatching();
  /** One canvas a frame, by step. @type {HTMLCanvasElement[][]} */
  canvases = [];
  /** One a step, where weights stand apart. @type {HTMLCanvasElement[]} */
  apart = [];
  /** The size that frames are drawn in; null until laid out. @type {Pair | null} */
  frame = null;
  /** Frames in that size, and what they were made of. @type {OffscreenCanvas[] | undefined} */
  enlarged;
  /** @type {any[]} */
  enlargedOf = [];
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
    const { table, ramp } = laidOver(parts.table, this.cover);
    this.table = table;
    const place = placer(this.scale);
    const measured = this.measured(weights, places);
    const masked = (pixelOf(head.colours.masked) & 0xffffff) | SEEN_THROUGH;
    const colourOf = (/** @type {number} */ i) =>
      Number.isFinite(weights[i]) ? ramp[Math.round(255 * place(measured[i]))] : masked;
    this.heats.colour(head.grid, colourOf);
    drawLegend(this);
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
    this.canvases = steps.map((step) => step.map((frame) => element("canvas", { frame })));
    this.apart = steps.map(() => element("canvas", { className: "apart" }));
    const boxes = steps.map((step, t) => {
      const caption = captioned(captionOf(t, step));
      const frames = element("div", { className: "frames" }, ...this.canvases[t]);
      return element("figure", { className: "step" }, frames, this.apart[t], caption);
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
    this.enlarge();
    this.look();
    this.paint();
  }

  enlarge() {
    const { pictures, frame } = this;
    const of = [pictures, ...frame, devicePixelRatio];
    if (of.every((one, at) => one === this.enlargedOf[at])) return;
    this.enlargedOf = of;
    this.enlarged = pictures?.map((picture) => enlarged(picture, frame));
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
    const page = frameWidth(counts, this.width - 1, this.tall && widest);
    const wide = evenWidth(page, this.head.grid[2], devicePixelRatio || 1);
    this.frame = [wide, Math.round((wide * height) / width)];
    this.strip.style.setProperty("--between", `${BETWEEN}px`);
    this.strip.style.setProperty("--chosen", this.ownColour);
    counts.forEach((frames, t) => {
      widen(this.box(t), stepWidth(frames, wide));
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
    const painted = Number(this.strip.dataset.painted ?? 0) + 1;
    note(this.strip, { painted, opacity: this.memory.opacity });
    this.say();
  }

  paintStep(t) {
    if (!this.frame) return;
    const { frame, memory, head } = this;
    const marks = this.marksOf(t);
    const cells = { frame, grid: head.grid };
    const mark = (pen) => drawMarks(pen, cells, marks, head.colours, this.ownColour);
    this.box(t).classList.toggle("asked", marks.looked.length > 0);
    for (const canvas of this.canvases[t]) {
      const pen = fit(canvas, frame);
      const picture = this.enlarged?.[/** @type {any} */ (canvas).frame];
      if (picture) pen.drawImage(picture, 0, 0, ...frame);
      pen.globalAlpha = memory.beside ? 0 : memory.opacity;
      this.heats.draw(pen, t, frame);
      pen.globalAlpha = 1;
      this.hatch(pen, t);
      mark(pen);
    }
    if (!memory.beside) return;
    const pen = fit(this.apart[t], frame);
    this.heats.draw(pen, t, frame);
    mark(pen);
  }

  // What is marked on the frames of a step.
  marksOf(t) {
    const { head, memory, hovered, guides, band } = this;
    const here = (place) => place?.[0] === t;
    return {
      looked: (this.looked ?? []).filter(here),
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
    this.hatching.draw(pen, t, { masked, grid: this.head.grid, frame: this.frame });
  }
}
