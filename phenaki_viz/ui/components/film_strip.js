const GAP = 3; // between frames of one step
const BETWEEN = 14; // between steps
const LARGEST_FRAME = 200;
const OPACITY = 0.85;

// Low weights let the frame through, high ones cover it; of signed numbers, those near zero do.
const COVER = {
  rising: (share) => share ** 0.7,
  signed: (share) => Math.abs(2 * share - 1) ** 0.7,
};

// The dark end of the palette would not show on a dark frame: colours start a third of the way up.
function lit(table) {
  const shown = new Uint8Array(table.length);
  for (let i = 0; i < 256; i++) {
    const from = 3 * Math.round(84 + (i / 255) * 171);
    shown.set(table.subarray(from, from + 3), 3 * i);
  }
  return shown;
}

class FilmStrip extends Panel {
  constructor(root) {
    super(root);
    this.strip = this.find(".strip");
    this.strip.onpointermove = (event) => this.point(this.at(event));
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onclick = (event) => this.pick(this.at(event));
    this.strip.onkeydown = (event) => this.key(event);
    this.strip.onblur = () => this.point(null);
    this.addTools();
  }

  addTools() {
    this.slider = make("input", { type: "range", min: 0, max: 1, step: 0.01 });
    this.slider.oninput = () => this.set("opacity", this.slider.valueAsNumber);
    this.lines = make("input", { type: "checkbox" });
    this.lines.onchange = () => this.set("lines", this.lines.checked);
    this.find(".tools").append(
      make("label", {}, "overlay", this.slider),
      make("label", {}, this.lines, "patch grid"),
    );
  }

  set(name, value) {
    this.memory[name] = value;
    this.soon(() => this.paint());
  }

  take() {
    const { scale } = this.head;
    this.panel.classList.toggle("bare", this.head.bare);
    this.slider.value = this.memory.opacity ??= OPACITY;
    this.lines.checked = this.memory.lines ??= false;
    const signed = scale.low < 0 && scale.high > 0;
    this.cover = signed ? COVER.signed : COVER.rising;
    this.table = signed ? this.parts.table : lit(this.parts.table);
    const ramp = pixels(this.table, this.cover);
    const place = placer(scale);
    const masked = (pixelOf(this.head.colours.masked) & 0xffffff) | (0x59 << 24);
    this.colourOf = (weight) =>
      Number.isFinite(weight) ? ramp[Math.round(255 * place(weight))] : masked;
    this.pictures = this.decode();
    this.heats = this.head.steps.map((_, t) => this.heat(t));
    this.build();
    this.drawLegend();
  }

  decode() {
    if (this.film === this.head.film) return this.pictures;
    this.film = this.head.film;
    const [count, ...shape] = this.head.frames;
    return Array.from({ length: count }, (_, f) => frameOf(this.parts.frames, f, shape));
  }

  // One step's weights as a small picture: one dot a patch, see-through where they are low.
  heat(t) {
    const [, rows, columns] = this.head.grid;
    return imageOf(columns, rows, (dots) => {
      for (let i = 0; i < dots.length; i++) {
        dots[i] = this.colourOf(this.parts.weights[t * rows * columns + i]);
      }
    });
  }

  // The boxes of steps and frames: made anew only when there are others.
  build() {
    const plan = JSON.stringify([this.head.steps, this.head.frames]);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = this.head.steps.map((step) => step.map((frame) => make("canvas", { frame })));
    const boxes = this.head.steps.map((step, t) => {
      const caption = make("figcaption", { textContent: captionOf(t, step) });
      const frames = make("div", { className: "frames" }, ...this.canvases[t]);
      return make("figure", { className: "step" }, frames, caption);
    });
    this.strip.replaceChildren(...boxes);
  }

  draw() {
    const [, height, width] = this.head.frames;
    this.strip.style.setProperty("--between", `${BETWEEN}px`);
    this.strip.style.setProperty("--query", this.head.colours.query);
    const wide = frameWidth(this.head.steps.map((step) => step.length), this.width);
    this.frame = [wide, Math.round((wide * height) / width)];
    for (const box of this.strip.children) {
      const frames = box.querySelectorAll("canvas").length;
      box.style.width = `${frames * wide + (frames - 1) * GAP}px`;
    }
    this.paint();
  }

  paint() {
    this.head.steps.forEach((_, t) => this.paintStep(t));
    this.strip.dataset.painted = Number(this.strip.dataset.painted ?? 0) + 1;
    this.strip.dataset.opacity = this.memory.opacity;
    this.say();
  }

  paintStep(t) {
    const asked = this.picked?.[0] === t;
    this.strip.children[t].classList.toggle("asked", asked);
    for (const canvas of this.canvases[t]) {
      const pen = fit(canvas, ...this.frame);
      this.drawFrame(pen, canvas.frame);
      this.drawHeat(pen, this.heats[t]);
      if (this.memory.lines) this.drawLines(pen);
      if (this.hovered?.[0] === t) this.drawPatch(pen, this.hovered, "#fff", 1.25);
      if (asked) this.drawPatch(pen, this.picked, this.head.colours.query, 2.5);
    }
  }

  drawFrame(pen, frame) {
    const [, height, width] = this.head.frames;
    copy(pen, this.pictures[frame], [0, 0, width, height], [0, 0, ...this.frame]);
  }

  drawHeat(pen, heat) {
    pen.globalAlpha = this.memory.opacity;
    copy(pen, heat, [0, 0, heat.width, heat.height], [0, 0, ...this.frame]);
    pen.globalAlpha = 1;
  }

  drawLines(pen) {
    const [, rows, columns] = this.head.grid;
    const [width, height] = this.frame;
    pen.fillStyle = "rgb(255 255 255 / 0.28)";
    for (let w = 1; w < columns; w++) pen.fillRect((w * width) / columns - 0.5, 0, 1, height);
    for (let h = 1; h < rows; h++) pen.fillRect(0, (h * height) / rows - 0.5, width, 1);
  }

  // Bright on dark, so that it shows on every frame.
  drawPatch(pen, [, h, w], colour, line) {
    const [, rows, columns] = this.head.grid;
    const [wide, high] = [this.frame[0] / columns, this.frame[1] / rows];
    const inset = line / 2;
    const box = [w * wide + inset, h * high + inset, wide - line, high - line];
    pen.lineWidth = line + 2;
    pen.strokeStyle = "rgb(0 0 0 / 0.6)";
    pen.strokeRect(...box);
    pen.lineWidth = line;
    pen.strokeStyle = colour;
    pen.strokeRect(...box);
  }

  // ---- in words

  get picked() {
    const { picked } = this.memory;
    return !this.head.still && picked && picked.map((at, along) => clamp(at, 0, this.head.grid[along] - 1));
  }

  weight([t, h, w]) {
    const [, rows, columns] = this.head.grid;
    return this.parts.weights[(t * rows + h) * columns + w];
  }

  words(patch) {
    const { unit, uniform } = this.head;
    const value = this.weight(patch);
    const name = placeName(...patch);
    if (!Number.isFinite(value)) return `${name} · no weight: masked, or not a key here`;
    const ratio = uniform ? ` · ${times(value, uniform)}` : "";
    return `${name} · ${unit} ${spoken(value)}${ratio}`;
  }

  say() {
    this.sayTitle();
    const shown = this.hovered || this.picked;
    this.find(".said").textContent = shown
      ? this.words(shown)
      : `point at a patch to read its ${this.head.unit}${this.head.still ? "" : ", click to pick it"}`;
    const asked = this.picked ? `Selected: ${this.words(this.picked)}` : "No patch selected";
    this.strip.ariaLabel =
      `Video frames under attention weights. ${asked}. ` +
      "Arrow keys move the patch, Page Up and Page Down the time step.";
    Object.assign(this.strip.dataset, {
      patch: shown || "",
      weight: shown ? String(this.weight(shown)) : "",
      picked: this.picked || "",
    });
  }

  sayTitle() {
    const { direction, colours } = this.head;
    if (this.head.still) {
      this.find(".title").replaceChildren(direction);
      return;
    }
    const name = this.picked ? placeName(...this.picked) : "no patch chosen";
    const asked = make("b", { textContent: name });
    this.find(".title").replaceChildren(dot(colours.query), asked, ` ${direction}`);
  }

  drawLegend() {
    const { scale, colours } = this.head;
    const bar = make("span", { className: "bar" });
    bar.style.backgroundImage = gradient(this.table, "to right", this.cover);
    const law = `${scale.log ? "logarithmic" : "linear"}, ${scale.scope}`;
    const parts = [spoken(scale.low, 3), bar, spoken(scale.high, 3), ` · ${law}`];
    if (this.parts.weights.some(Number.isNaN)) parts.push(swatch(colours.masked, "no weight"));
    this.find(".legend").replaceChildren(...parts);
  }

  // ---- what the user does

  at(event) {
    const t = this.canvases?.findIndex((step) => step.includes(event.target)) ?? -1;
    if (t < 0) return null;
    const [, rows, columns] = this.head.grid;
    const [width, height] = this.frame;
    const cell = (at, extent, cells) => clamp(Math.floor((at / extent) * cells), 0, cells - 1);
    return [t, cell(event.offsetY, height, rows), cell(event.offsetX, width, columns)];
  }

  point(patch) {
    if (!this.head || String(patch) === String(this.hovered)) return;
    const steps = new Set([this.hovered?.[0], patch?.[0]].filter((t) => t !== undefined));
    this.hovered = patch;
    this.stale = new Set([...(this.stale ?? []), ...steps]);
    this.soon(() => this.paintStale());
  }

  paintStale() {
    for (const t of this.stale ?? []) if (this.canvases[t]) this.paintStep(t);
    this.stale = null;
    this.say();
  }

  pick(patch) {
    if (!patch || String(patch) === String(this.picked)) return;
    if (this.head.still) {
      this.point(patch); // a touch has no hover
      return;
    }
    const [t, h, w] = (this.memory.picked = patch);
    this.paint();
    this.find(".aloud").textContent = `Selected: ${placeName(t, h, w)}`;
    this.tell("pick", { t, h, w });
  }

  key(event) {
    if (!plain(event)) return;
    const pages = { PageUp: [-1, 0, 0], PageDown: [1, 0, 0] };
    const move = event.key in ARROWS ? [0, ...ARROWS[event.key]] : pages[event.key];
    if (!move) return;
    used(event);
    const from = (this.head.still ? this.hovered : this.picked) || [0, 0, 0];
    if (!this.head.still) this.hovered = null;
    const limits = this.head.grid;
    this.pick(from.map((at, along) => clamp(at + move[along], 0, limits[along] - 1)));
  }
}

// How wide all frames are: on one line if that leaves them large enough, else on two, …
function frameWidth(steps, room) {
  const least = clamp(room / 4, 64, 104);
  const alone = (room - (Math.max(...steps) - 1) * GAP) / Math.max(...steps);
  for (let lines = 1; ; lines++) {
    for (let wide = LARGEST_FRAME; wide >= least; wide--) {
      if (linesOf(steps, wide, room) <= lines) return Math.floor(Math.min(wide, alone));
    }
    if (lines > steps.length) return Math.floor(Math.min(least, alone));
  }
}

function linesOf(steps, wide, room) {
  let [lines, x] = [1, 0];
  for (const frames of steps) {
    const width = frames * wide + (frames - 1) * GAP;
    if (x && x + width > room) [lines, x] = [lines + 1, 0];
    x += width + BETWEEN;
  }
  return lines;
}

export default (call) => show(FilmStrip, call);
