// The decoding of a video, step by step: its frames, and which tokens were filled in.
/** @import { Pair, Place } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";
import { inside, patchAt } from "../numbers/places.js";
import { captionOf } from "../numbers/words.js";
import { copy, fit, frameOf, outlinePatch } from "../page/canvas.js";
import { captioned, widen } from "../page/caption.js";
import { consume, element, PATCH_MOVES, withoutModifiers } from "../page/elements.js";
import { Panel, show } from "../page/panel.js";
import { Playing } from "../sampling/playing.js";
import { say, sayColours } from "../sampling/said.js";
import { drawConfidence, drawTokens, tokensAt } from "../sampling/tokens.js";

const REST = 250; // the page is told where the scrubber came to rest
const OVERLAYS = [
  ["decoding", "tokens while decoding"],
  ["tokens", "tokens"],
  ["confidence", "confidence"],
  ["", "frames alone"],
];
const FRAME_GAP = 3;
const STEP_GAP = 14;

export class SamplingPlayer extends Panel {
  /** The frame of a decoding step. @type {(step: number, frame: number) => OffscreenCanvas} */
  picture;
  /** One canvas a frame, by time step. @type {HTMLCanvasElement[][]} */
  canvases = [];
  /** The size that frames are drawn in. @type {Pair} */
  frame;
  /** The steps that the boxes were made for, as JSON. */
  plan = "";
  /** @type {Place | null} */
  hovered = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  resting;

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    this.strip = this.find(".strip");
    this.scrub = this.find(".scrub");
    this.playing = new Playing(this, this.find(".play"));
    this.strip.onpointermove = (event) => this.point(this.at(event));
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onclick = (event) => this.choose(this.at(event));
    this.strip.onkeydown = (event) => this.key(event);
    this.scrub.oninput = () => {
      this.playing.stop(false);
      this.go(this.scrub.valueAsNumber);
    };
    this.choice = element("select", { ariaLabel: "What is drawn over the frames" });
    for (const [value, textContent] of OVERLAYS)
      this.choice.append(element("option", { value, textContent }));
    this.choice.onchange = () => {
      this.memory.shows = this.choice.value;
      this.paint();
    };
    this.find(".tools").append(element("label", {}, "over the frames", this.choice));
  }

  take() {
    const [, count, ...shape] = this.head.frames;
    const pictures = new Map();
    this.picture = (step, frame) => {
      const at = step * count + frame;
      if (!pictures.has(at)) pictures.set(at, frameOf(this.parts.previews, at, shape));
      return pictures.get(at);
    };
    this.scrub.max = this.head.decoding - 1;
    this.choice.value = this.memory.shows ??= "decoding";
    if (this.pushed) this.memory.step = this.memory.picked?.[0] ?? 0;
    this.pushed = false;
    this.build();
    sayColours(this);
  }

  get step() {
    return clamp(this.memory.step ?? 0, 0, this.head.decoding - 1);
  }

  build() {
    const plan = JSON.stringify([this.head.steps, this.head.frames.slice(1)]);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = this.head.steps.map((step) =>
      step.map((frame) => element("canvas", { frame })),
    );
    const boxes = this.head.steps.map((step, t) => {
      const given = t < this.head.given ? " · given" : "";
      const caption = captioned([...captionOf(t, step), given]);
      return element(
        "figure",
        { className: "step" },
        element("div", { className: "frames" }, ...this.canvases[t]),
        caption,
      );
    });
    this.strip.replaceChildren(...boxes);
  }

  draw() {
    const [, count, height, width] = this.head.frames;
    const room = this.width - FRAME_GAP * count - STEP_GAP * this.head.steps.length;
    const lines = room / count < 72 ? 2 : 1;
    const wide = clamp(Math.floor((room * lines) / (count + lines - 1)), 40, 150);
    this.frame = [wide, Math.round((wide * height) / width)];
    for (const box of this.strip.children) {
      const frames = box.querySelectorAll("canvas").length;
      widen(box, frames * wide + (frames - 1) * FRAME_GAP);
    }
    this.paint();
    this.playing.startOnce();
  }

  // What lies over the frames now: tokens while they are being decided, frames alone at the end.
  get over() {
    const { shows } = this.memory;
    if (shows !== "decoding") return shows;
    return this.step === this.head.decoding - 1 ? "" : "tokens";
  }

  paint() {
    this.scrub.value = this.step;
    this.head.steps.forEach((_, t) => {
      const asked = this.token?.[0] === t;
      this.strip.children[t].classList.toggle("asked", asked);
      for (const canvas of this.canvases[t]) this.paintFrame(canvas, t, asked);
    });
    this.strip.dataset.painted = Number(this.strip.dataset.painted ?? 0) + 1;
    this.strip.dataset.step = this.step;
    say(this);
  }

  paintFrame(canvas, t, asked) {
    const pen = fit(canvas, this.frame);
    const [, , height, width] = this.head.frames;
    copy(pen, this.picture(this.step, canvas.frame), [0, 0, width, height], [0, 0, ...this.frame]);
    this.overlay(pen, t);
    if (this.hovered?.[0] === t) this.box(pen, this.hovered, "#ffffff", 1.25);
    if (asked) this.box(pen, this.token, this.head.colours.query, 2.5);
  }

  overlay(pen, t) {
    const { tokens, frame, over, head } = this;
    if (over === "confidence") drawConfidence(pen, tokens, t, frame);
    else if (over) drawTokens(pen, tokens, t, frame, head.colours);
  }

  box(pen, place, colour, line) {
    outlinePatch(pen, place, { frame: this.frame, grid: this.head.grid }, colour, line);
  }

  /** Those of the decoding step that is shown. */
  get tokens() {
    return tokensAt(this.parts, this.step, this.head.grid, this.head.given);
  }

  /** @returns {Place | undefined} */
  get token() {
    const { picked } = this.memory;
    return picked && inside(picked.slice(1), this.head.grid);
  }

  // ---- what the user does

  go(step) {
    this.memory.step = step;
    this.soon("paint");
    clearTimeout(this.resting);
    if (!this.playing.timer) this.resting = setTimeout(() => this.report(), REST);
  }

  report() {
    const [t, h, w] = this.token ?? [0, 0, 0];
    const now = [this.step, t, h, w];
    if (String(now) === String(this.memory.picked)) return;
    this.memory.picked = now;
    this.find(".aloud").textContent = `Decoding step ${this.step + 1}`;
    this.tell("pick", { step: this.step, t, h, w });
  }

  at(event) {
    const t = this.canvases?.findIndex((step) => step.includes(event.target)) ?? -1;
    if (t < 0) return null;
    return patchAt(t, event.offsetX, event.offsetY, this.frame, this.head.grid);
  }

  point(token) {
    if (!this.head || String(token) === String(this.hovered)) return;
    this.hovered = token;
    this.soon("paint");
  }

  choose(token) {
    this.playing.stop(false);
    if (token) this.pick(token);
  }

  pick([t, h, w]) {
    this.memory.picked = [this.step, t, h, w];
    this.paint();
    this.tell("pick", { step: this.step, t, h, w });
  }

  key(event) {
    if (!withoutModifiers(event)) return;
    const move = PATCH_MOVES[event.key];
    if (event.key === " ") {
      consume(event);
      this.playing.toggle();
      return;
    }
    if (!move) return;
    consume(event);
    this.hovered = null;
    const [t, h, w] = this.token ?? [0, 0, 0];
    this.pick(inside([t + move[0], h + move[1], w + move[2]], this.head.grid));
  }

  close() {
    super.close();
    this.playing.stop(false);
    clearTimeout(this.resting);
  }
}

export default (call) => show(SamplingPlayer, call);
