const HATCH = 5; // pixels between the diagonals over masked patches
const LEAST_FITTING = 44; // pixels: smaller frames are put on another line
const CAPTION = 27; // pixels under a frame
const GAP = 3; // between frames of one step
const BETWEEN = 14; // between steps
const LARGEST_FRAME = 200;

// Neighbours of a patch, down and right, and the edge between: from x, y to x, y.
const EDGES = [
  [-1, 0, 0, 0, 1, 0],
  [1, 0, 0, 1, 1, 1],
  [0, -1, 0, 0, 0, 1],
  [0, 1, 1, 0, 1, 1],
];

// Frames, the weights over them or under them, and marks. What is built on it says which patches
// are looked at (`looked`), finds their weights (`look`, which calls `lay`), and puts into words
// what is shown (`say`).
class FilmFrames extends LinkedPanel {
  lay(weights, places) {
    this.weights = weights;
    this.scale = this.stretched(this.scaleOf(weights, places));
    const signed = this.scale.low < 0 && this.scale.high > 0;
    this.cover = this.memory.beside ? COVER.full : signed ? COVER.signed : COVER.rising;
    this.table = signed || this.memory.beside ? this.parts.table : lit(this.parts.table);
    const ramp = pixels(this.table, this.cover);
    const place = placer(this.scale);
    const measured = this.measured(weights, places);
    const masked = (pixelOf(this.head.colours.masked) & 0xffffff) | (0x59 << 24);
    this.heats = this.head.steps.map((_, t) =>
      this.heat(t, (i) =>
        Number.isFinite(weights[i]) ? ramp[Math.round(255 * place(measured[i]))] : masked,
      ),
    );
    this.drawLegend();
  }

  // What colours follow: see `measurer` in common.js.
  measured(weights) {
    const { uniforms } = this.parts;
    const { law } = this.head.scale;
    if (law !== "uniform") return weights;
    return weights.map((weight, i) => weight / (uniforms?.[i] || this.head.uniform || 1));
  }

  // More contrast: colours end below the largest weight, and what lies above is all the last colour.
  stretched(scale) {
    const { contrast = 1 } = this.memory;
    const signed = scale.low < 0 && scale.high > 0;
    const low = signed ? scale.low / contrast : scale.low;
    return { ...scale, low, high: Math.max(scale.high / contrast, low) };
  }

  // Where colours end at the largest weight of what is shown, that is another one for each patch.
  scaleOf(weights, places) {
    const { scale, each, chosen, word } = this.head;
    if (!each || samePlaces(places, word === null ? chosen : [word])) return scale;
    const high = Math.max(0, ...weights.filter(Number.isFinite)) || 1;
    const low = LOGARITHMIC.has(scale.law) ? (high * scale.low) / scale.high : 0;
    const many = places.length > 1 && `${this.combine.value} of ${places.length} patches`;
    return { ...scale, low, high, above: false, scope: many || each };
  }

  // One step's weights as a small picture: one dot a patch, see-through where they are low.
  heat(t, colourOf) {
    const [, rows, columns] = this.head.grid;
    const first = t * rows * columns;
    return imageOf(columns, rows, (dots) => {
      for (let i = 0; i < dots.length; i++) dots[i] = colourOf(first + i);
    });
  }

  // ---- frames: sent once, by a component of their own

  offered(name) {
    if (!this.head) return;
    if (name === this.head.film.name) this.soon("draw");
    if (name === WEIGHTS) this.soon("say");
  }

  get pictures() {
    return picturesOf(this.head.film);
  }

  // The boxes of steps and frames: made anew only when there are others.
  build() {
    const plan = JSON.stringify(this.head.steps);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = this.head.steps.map((step) => step.map((frame) => make("canvas", { frame })));
    this.apart = this.head.steps.map(() => make("canvas", { className: "apart" }));
    const boxes = this.head.steps.map((step, t) => {
      const caption = make("figcaption", { textContent: captionOf(t, step) });
      const frames = make("div", { className: "frames" }, ...this.canvases[t]);
      return make("figure", { className: "step" }, frames, this.apart[t], caption);
    });
    this.strip.replaceChildren(...boxes);
  }

  draw() {
    if (!this.width) return; // not laid out yet: it is drawn when it is
    const { size: [height, width], colours } = this.head;
    this.strip.style.setProperty("--between", `${BETWEEN}px`);
    this.strip.style.setProperty("--chosen", colours[this.head.side === "column" ? "key" : "query"]);
    // A panel's width is told rounded: up to half a pixel may be missing.
    const steps = this.head.steps.map((step) => step.length);
    const wide = frameWidth(steps, this.width - 1, this.tall && ((lines) => this.widest(lines)));
    this.frame = [wide, Math.round((wide * height) / width)];
    for (const box of this.strip.children) {
      const frames = box.querySelectorAll(".frames canvas").length;
      box.style.width = `${frames * wide + (frames - 1) * GAP}px`;
    }
    this.panel.classList.toggle("beside", this.memory.beside);
    this.slider.disabled = this.memory.beside;
    this.enlarged = this.pictures?.map((picture) => this.enlarge(picture));
    this.look();
    this.paint();
  }

  // The largest frame of which so many lines fit into the height there is.
  widest(lines) {
    const { size: [height, width] } = this.head;
    const spare = this.left(".head", ".foot", ".notes");
    const under = CAPTION * (this.memory.beside ? 2 : 1); // weights apart have a frame of their own
    const each = (spare - 12 * (lines - 1)) / lines - under;
    return clamp(((this.memory.beside ? each / 2 : each) * width) / height, 1, LARGEST_FRAME);
  }

  // As large as it is shown: done once, not at every move of the pointer.
  enlarge(picture) {
    const dots = devicePixelRatio || 1;
    const [wide, high] = this.frame.map((side) => Math.round(side * dots));
    const large = new OffscreenCanvas(wide, high);
    const pen = large.getContext("2d");
    const to = [0, 0, wide / dots, high / dots];
    pen.scale(dots, dots);
    copy(pen, picture, [0, 0, picture.width, picture.height], to);
    return large;
  }

  paint() {
    if (!this.frame) return;
    this.head.steps.forEach((_, t) => this.paintStep(t));
    this.strip.dataset.painted = Number(this.strip.dataset.painted ?? 0) + 1;
    this.strip.dataset.opacity = this.memory.opacity;
    this.say();
  }

  paintStep(t) {
    if (!this.frame) return;
    const places = (this.looked ?? []).filter(([step]) => step === t);
    this.strip.children[t].classList.toggle("asked", places.length > 0);
    const heat = this.enlarge(this.heats[t]);
    for (const canvas of this.canvases[t]) {
      const pen = fit(canvas, ...this.frame);
      if (this.enlarged) pen.drawImage(this.enlarged[canvas.frame], 0, 0, ...this.frame);
      pen.globalAlpha = this.memory.beside ? 0 : this.memory.opacity;
      pen.drawImage(heat, 0, 0, ...this.frame);
      pen.globalAlpha = 1;
      this.drawHatching(pen, t);
      this.drawMarks(pen, t, places);
    }
    if (this.memory.beside) {
      const pen = fit(this.apart[t], ...this.frame);
      pen.drawImage(heat, 0, 0, ...this.frame);
      this.drawMarks(pen, t, places);
    }
  }

  drawMarks(pen, t, places) {
    const { colours, side } = this.head;
    const here = (place) => place?.[0] === t;
    const asked = colours[side === "column" ? "key" : "query"];
    if (this.memory.lines) this.drawLines(pen);
    for (const { at, as } of this.guides ?? []) if (here(at)) this.drawPatch(pen, at, colours[as], 1);
    if (here(this.hovered) && !this.follows) this.drawPatch(pen, this.hovered, "#fff", 1.25);
    const { key } = this.memory;
    if (here(key) && side === "row") this.drawPatch(pen, key, colours.key, 2.5);
    if (places.length === 1) this.drawPatch(pen, places[0], asked, 2.5);
    else this.drawOutline(pen, places, asked);
    this.drawOutline(pen, (this.band ?? []).filter(here), asked);
  }

  // Diagonals over what the model was not shown, whatever weights lie there.
  drawHatching(pen, t) {
    const { masked } = this.parts;
    if (!masked || this.memory.bare) return;
    const [, rows, columns] = this.head.grid;
    const [wide, high] = [this.frame[0] / columns, this.frame[1] / rows];
    pen.save();
    pen.beginPath();
    for (let at = 0; at < rows * columns; at++) {
      if (!masked[t * rows * columns + at]) continue;
      pen.rect((at % columns) * wide, Math.floor(at / columns) * high, wide, high);
    }
    pen.clip();
    pen.beginPath();
    const [width, height] = this.frame;
    for (let x = -height; x < width; x += HATCH) {
      pen.moveTo(x, height);
      pen.lineTo(x + height, 0);
    }
    [pen.strokeStyle, pen.lineWidth] = ["rgb(255 255 255 / 0.42)", 0.8];
    pen.stroke();
    pen.restore();
  }

  drawLines(pen) {
    const [, rows, columns] = this.head.grid;
    const [width, height] = this.frame;
    pen.fillStyle = "rgb(255 255 255 / 0.28)";
    for (let w = 1; w < columns; w++) pen.fillRect((w * width) / columns - 0.5, 0, 1, height);
    for (let h = 1; h < rows; h++) pen.fillRect(0, (h * height) / rows - 0.5, width, 1);
  }

  drawPatch(pen, place, colour, line) {
    outlinePatch(pen, place, { frame: this.frame, grid: this.head.grid }, colour, line);
  }

  // Around patches that were chosen together: no line between neighbours.
  drawOutline(pen, places, colour) {
    const [, rows, columns] = this.head.grid;
    const [wide, high] = [this.frame[0] / columns, this.frame[1] / rows];
    const has = new Set(places.map(String));
    pen.beginPath();
    for (const [t, h, w] of places) {
      for (const [down, right, x0, y0, x1, y1] of EDGES) {
        if (has.has(String([t, h + down, w + right]))) continue;
        pen.moveTo((w + x0) * wide, (h + y0) * high);
        pen.lineTo((w + x1) * wide, (h + y1) * high);
      }
    }
    for (const [line, stroke] of [[4.5, "rgb(0 0 0 / 0.6)"], [2.5, colour]]) {
      [pen.lineWidth, pen.strokeStyle, pen.lineCap] = [line, stroke, "square"];
      pen.stroke();
    }
  }

  drawLegend() {
    const { scale } = this;
    const bar = make("span", { className: "bar" });
    bar.style.backgroundImage = gradient(this.table, "to right", this.cover);
    const law = `${LAWS[scale.law]}, ${scale.scope}`;
    const high = above({ ...scale, above: scale.above || this.memory.contrast > 1 });
    const parts = [saidEnd(scale.low, scale.law), bar, high, ` · ${law}`];
    if (this.weights.some(Number.isNaN)) parts.push(swatch(this.head.colours.masked, "no weight"));
    if (this.parts.masked && !this.memory.bare) {
      const mark = make("span", { className: "hatch" });
      parts.push(make("span", { className: "swatch" }, mark, "masked input"));
    }
    this.find(".legend").replaceChildren(...parts);
  }
}

// How wide all frames are: on one line if that leaves them large enough, else on two, …
// fitting: the widest of which so many lines fit into the height there is; 0 for any height.
function frameWidth(steps, room, fitting) {
  const widest = fitting || (() => LARGEST_FRAME);
  const least = Math.min(fitting ? LEAST_FITTING : clamp(room / 4, 64, 96), widest(1));
  const alone = (room - (Math.max(...steps) - 1) * GAP) / Math.max(...steps);
  for (let lines = 1; ; lines++) {
    for (let wide = Math.max(widest(lines), least); wide >= least; wide--) {
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
