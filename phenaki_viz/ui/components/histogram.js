// The legend of a map: how many of the weights that are shown lie where, over the colours they get,
// and two handles for the ends of the colours.
const BINS = 56;
const BAR_WIDE = 12; // pixels of the colour bar
const COUNTS = 36; // pixels of the longest count
const LOWEST = 1e-5; // of the largest: where a logarithmic axis ends
const SET = 350; // milliseconds after which an end moved by keys is told

// The axis of the legend: from nothing, or the least that a logarithm reaches, to the largest.
function axisOf({ low, high, most, law }) {
  const top = Math.max(high, most ?? high);
  if (law === "uniform") return { low: Math.min(low, 1 / top), high: top, law };
  if (law === "log") return { low: Math.min(low, top * LOWEST), high: top, law };
  return { low: Math.min(low, 0), high: top, law };
}

// The other way round of `placer`: from 0..1 to a raw number.
function rawAt({ low, high, law }, at) {
  if (LOGARITHMIC.has(law)) return low * (high / low) ** at;
  return low + (high - low) * (law === "sqrt" ? at * at : at);
}

// `owner` has live(ends), while a handle moves, and settle(ends), at its end; ends null: as before.
class Histogram {
  constructor(box, owner) {
    this.owner = owner;
    this.canvas = make("canvas");
    this.handles = ["low", "high"].map((end) => this.handle(end));
    this.plot = make("div", { className: "counts" }, this.canvas, ...this.handles);
    this.plot.onpointerdown = (event) => this.grip(event);
    this.plot.onpointermove = (event) => this.held && this.pull(event);
    this.plot.onpointerup = () => this.release();
    this.plot.onpointercancel = () => this.release();
    this.plot.ondblclick = () => this.owner.settle(null);
    this.about = make("div", { className: "law" });
    this.reset = make("button", { type: "button", textContent: "reset", className: "reset" });
    this.reset.title = "The ends of what is shown (double click, or Esc on an end)";
    this.reset.onclick = () => this.owner.settle(null);
    this.flags = make("div", { className: "flags" });
    box.replaceChildren(this.plot, this.about, this.reset, this.flags);
  }

  handle(end) {
    const name = end === "low" ? "Lower end of the colours" : "Upper end of the colours";
    const label = make("span");
    const handle = make("div", { className: `end ${end}`, tabIndex: 0, role: "slider" }, label);
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
    for (const handle of this.handles) handle.tabIndex = fixed ? -1 : 0;
    if (values !== this.counted?.of || this.counted.axis !== JSON.stringify(this.axis)) {
      this.counted = { of: values, axis: JSON.stringify(this.axis), bins: this.count(values) };
    }
    this.about.textContent = `${LAWS[scale.law]}, ${scale.scope}`;
    this.reset.hidden = fixed || !scale.hand;
    this.flags.replaceChildren(...(names ?? []), ...flags);
    if (!names) this.paint();
  }

  count(values) {
    const bins = new Uint32Array(BINS);
    const place = placer(this.axis);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (Number.isFinite(value)) bins[Math.min(BINS - 1, Math.floor(BINS * place(value)))] += 1;
    }
    return bins;
  }

  paint() {
    const { length, flat, table, scale } = this;
    const across = BAR_WIDE + 3 + COUNTS;
    const pen = fit(this.canvas, ...(flat ? [length, across] : [across, length]));
    const colours = placer(scale);
    const box = (from, to, start, size) => flat
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
    for (const [handle, share] of [[this.handles[0], low], [this.handles[1], high]]) {
      const value = handle === this.handles[0] ? this.scale.low : this.scale.high;
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
    if (beyond) this.handles[1].firstChild.textContent += " and above";
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
    this.handles[this.held === "low" ? 0 : 1].focus();
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
    const ends = end === "low" ? [value, this.scale.high] : [this.scale.low, value];
    this.owner.live(ends);
  }

  release() {
    if (this.held && this.moved) this.owner.settle([this.scale.low, this.scale.high]);
    this.held = this.moved = null;
  }

  key(event, end) {
    if (!plain(event)) return;
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 8, PageDown: -8 };
    const place = placer(this.axis)(end === "low" ? this.scale.low : this.scale.high);
    if (event.key in steps) this.move(end, place + steps[event.key] / BINS);
    else if (event.key === "Home") this.move(end, 0);
    else if (event.key === "End") this.move(end, 1);
    else if (event.key !== "Escape") return;
    used(event);
    clearTimeout(this.telling);
    if (event.key === "Escape") this.owner.settle(null);
    else this.telling = setTimeout(() => this.owner.settle([this.scale.low, this.scale.high]), SET);
  }

  close() {
    clearTimeout(this.telling);
  }
}
