// The legend of a map: how many of the weights that are shown lie where, over the colours they get,
// and two handles for the ends of the colours.
/** @import { Box, Ends, Pair, Scale } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";
import { axisOf, countsOf, placer, rawAt, saidEnd, saidLaw } from "../numbers/scale.js";
import { fit } from "../page/canvas.js";
import { consume, element, withoutModifiers } from "../page/elements.js";

const BINS = 56;
const BAR_WIDE = 12; // pixels of the colour bar
const COUNTS = 36; // pixels of the longest count
const SET = 350; // milliseconds after which an end moved by keys is told

/** @typedef {"low" | "high"} End */

export class Histogram {
  /** @type {Scale} */
  scale;
  /** @type {Ends} */
  axis;
  /** 256 × 3 bytes. @type {Uint8Array} */
  table;
  /** Pixels along the scale. */
  length = 0;
  /** Whether it lies, low to the left. */
  flat = false;
  /** @type {{ of: ArrayLike<number>, axis: string, bins: Uint32Array } | undefined} */
  counted;
  /** The end that is dragged. @type {End | null} */
  held = null;
  moved = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  telling;

  /**
   * @param {HTMLElement} box
   * @param {{ live(ends: Pair): void, settle(ends: Pair | null): void, theme: { text: string } }}
   *   owner is told ends while a handle moves, and at its end; null: as before
   */
  constructor(box, owner) {
    this.owner = owner;
    this.canvas = element("canvas");
    this.handles = { low: this.handle("low"), high: this.handle("high") };
    const { low, high } = this.handles;
    this.plot = element("div", { className: "counts" }, this.canvas, low, high);
    this.plot.onpointerdown = (event) => this.grip(event);
    this.plot.onpointermove = (event) => this.held && this.pull(event);
    this.plot.onpointerup = () => this.release();
    this.plot.onpointercancel = () => this.release();
    this.plot.ondblclick = () => this.owner.settle(null);
    this.about = element("div", { className: "law" });
    this.reset = element("button", { type: "button", textContent: "reset", className: "reset" });
    this.reset.title = "The ends of what is shown (double click, or Esc on an end)";
    this.reset.onclick = () => this.owner.settle(null);
    this.flags = element("div", { className: "flags" });
    box.replaceChildren(this.plot, this.about, this.reset, this.flags);
  }

  /** @param {End} end */
  handle(end) {
    const name = end === "low" ? "Lower end of the colours" : "Upper end of the colours";
    const label = element("span");
    const handle = element("div", { className: `end ${end}`, tabIndex: 0, role: "slider" }, label);
    Object.assign(handle, { ariaLabel: name, title: `${name}: drag, or arrow keys; Esc resets` });
    handle.onkeydown = (event) => this.key(event, end);
    return handle;
  }

  draw({ scale, values, table, length, flat, fixed, names, flags }) {
    Object.assign(this, { scale, table, length, flat });
    this.plot.hidden = this.about.hidden = Boolean(names); // categories have swatches, no counts
    this.axis = axisOf(scale);
    this.plot.classList.toggle("flat", flat);
    this.plot.classList.toggle("fixed", fixed);
    for (const handle of Object.values(this.handles)) handle.tabIndex = fixed ? -1 : 0;
    this.count(values);
    this.about.textContent = saidLaw(scale);
    this.reset.hidden = fixed || !scale.hand;
    this.flags.replaceChildren(...(names ?? []), ...flags);
    if (!names) this.paint();
  }

  /** @param {ArrayLike<number>} values */
  count(values) {
    const axis = JSON.stringify(this.axis);
    if (values === this.counted?.of && axis === this.counted.axis) return;
    this.counted = { of: values, axis, bins: countsOf(this.axis, values, BINS) };
  }

  paint() {
    const { length, flat, table, scale } = this;
    const across = BAR_WIDE + 3 + COUNTS;
    const pen = fit(this.canvas, flat ? [length, across] : [across, length]);
    const colours = placer(scale);
    /** @returns {Box} along the scale in shares, across it in pixels */
    const box = (from, to, start, size) =>
      flat
        ? [from * length, across - start - size, (to - from) * length, size]
        : [start, (1 - to) * length, size, (to - from) * length];
    const { bins } = this.counted;
    const most = Math.log1p(bins.reduce((a, b) => Math.max(a, b), 1));
    const steps = Math.round(length);
    const colourAt = (at) => {
      const dot = 3 * Math.round(255 * colours(rawAt(this.axis, at)));
      return `rgb(${table.subarray(dot, dot + 3).join(" ")})`;
    };
    for (let i = 0; i < steps; i++) {
      pen.fillStyle = colourAt((i + 0.5) / steps);
      pen.fillRect(...box(i / steps, (i + 1.5) / steps, 0, BAR_WIDE));
    }
    pen.fillStyle = this.owner.theme.text;
    pen.globalAlpha = 0.45;
    bins.forEach((found, bin) => {
      const size = (COUNTS * Math.log1p(found)) / most;
      pen.fillRect(...box(bin / BINS, (bin + 0.85) / BINS, BAR_WIDE + 3, size));
    });
    pen.globalAlpha = 1;
    this.place();
  }

  place() {
    const at = placer(this.axis);
    const [low, high] = [this.scale.low, this.scale.high].map(at);
    const near = Math.abs(high - low) * this.length < (this.flat ? 60 : 18);
    for (const [end, share] of Object.entries({ low, high })) {
      const [handle, value] = [this.handles[end], this.scale[end]];
      handle.style[this.flat ? "left" : "bottom"] = `${share * this.length}px`;
      handle.style[this.flat ? "bottom" : "left"] = "";
      handle.ariaValueNow = String(value);
      handle.ariaValueMin = String(this.axis.low);
      handle.ariaValueMax = String(this.axis.high);
      handle.ariaOrientation = this.flat ? "horizontal" : "vertical";
      handle.ariaValueText = saidEnd(value, this.scale.law);
      handle.firstChild.textContent = handle.ariaValueText;
      handle.classList.toggle("near", near);
    }
    const beyond = (this.scale.most ?? 0) > this.scale.high;
    if (beyond) this.handles.high.firstChild.textContent += " and above";
  }

  // ---- what the user does

  shareOf({ clientX, clientY }) {
    const { left, bottom } = this.canvas.getBoundingClientRect();
    return clamp((this.flat ? clientX - left : bottom - clientY) / this.length, 0, 1);
  }

  grip(event) {
    if (event.button !== 0 || this.plot.classList.contains("fixed")) return;
    const at = this.shareOf(event);
    const place = placer(this.axis);
    const [low, high] = [place(this.scale.low), place(this.scale.high)];
    this.held = Math.abs(at - low) < Math.abs(at - high) || at < low ? "low" : "high";
    this.plot.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.handles[this.held].focus();
  }

  pull(event) {
    this.moved = true;
    this.move(this.held, this.shareOf(event));
  }

  // An end put at a place of the axis; the two stay apart.
  move(end, share) {
    const place = placer(this.axis);
    const apart = 1 / this.length;
    const [low, high] = [place(this.scale.low), place(this.scale.high)];
    const at = end === "low" ? clamp(share, 0, high - apart) : clamp(share, low + apart, 1);
    const value = rawAt(this.axis, Math.max(at, 0));
    /** @type {Pair} */
    const ends = end === "low" ? [value, this.scale.high] : [this.scale.low, value];
    this.owner.live(ends);
  }

  release() {
    if (this.held && this.moved) this.owner.settle([this.scale.low, this.scale.high]);
    this.held = null;
    this.moved = false;
  }

  key(event, end) {
    if (!withoutModifiers(event)) return;
    const steps = {
      ArrowUp: 1,
      ArrowRight: 1,
      ArrowDown: -1,
      ArrowLeft: -1,
      PageUp: 8,
      PageDown: -8,
    };
    const place = placer(this.axis)(end === "low" ? this.scale.low : this.scale.high);
    if (event.key in steps) this.move(end, place + steps[event.key] / BINS);
    else if (event.key === "Home") this.move(end, 0);
    else if (event.key === "End") this.move(end, 1);
    else if (event.key !== "Escape") return;
    consume(event);
    clearTimeout(this.telling);
    if (event.key === "Escape") this.owner.settle(null);
    else this.telling = setTimeout(() => this.owner.settle([this.scale.low, this.scale.high]), SET);
  }

  close() {
    clearTimeout(this.telling);
  }
}
