const PACE = 450; // milliseconds a decoding step while playing
const REST = 250; // the page is told where the scrubber came to rest
const [MASKED, CHANGED, AGAIN] = [1, 2, 4];
const OVERLAYS = [
  ["decoding", "tokens while decoding"],
  ["tokens", "tokens"],
  ["confidence", "confidence"],
  ["", "frames alone"],
];
const FRAME_GAP = 3;
const STEP_GAP = 14;

class SamplingPlayer extends Panel {
  constructor(root) {
    super(root);
    this.strip = this.find(".strip");
    this.scrub = this.find(".scrub");
    this.button = this.find(".play");
    this.strip.onpointermove = (event) => this.point(this.at(event));
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onclick = (event) => this.choose(this.at(event));
    this.strip.onkeydown = (event) => this.key(event);
    this.scrub.oninput = () => {
      this.stop(false);
      this.go(this.scrub.valueAsNumber);
    };
    this.button.onclick = () => (this.timer ? this.stop(true) : this.play());
    this.shows = make("select", { ariaLabel: "What is drawn over the frames" });
    for (const [value, textContent] of OVERLAYS) this.shows.append(make("option", { value, textContent }));
    this.shows.onchange = () => {
      this.memory.shows = this.shows.value;
      this.paint();
    };
    this.find(".tools").append(make("label", {}, "over the frames", this.shows));
    this.setButton();
  }

  take() {
    const [, count, ...shape] = this.head.frames;
    this.pictures = new Map();
    this.picture = (step, frame) => {
      const at = step * count + frame;
      if (!this.pictures.has(at)) this.pictures.set(at, frameOf(this.parts.previews, at, shape));
      return this.pictures.get(at);
    };
    this.scrub.max = this.head.decoding - 1;
    this.shows.value = this.memory.shows ??= "decoding";
    if (this.pushed) this.memory.step = this.memory.picked?.[0] ?? 0;
    this.pushed = false;
    this.build();
    this.drawLegend();
  }

  get step() {
    return clamp(this.memory.step ?? 0, 0, this.head.decoding - 1);
  }

  build() {
    const plan = JSON.stringify([this.head.steps, this.head.frames.slice(1)]);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = this.head.steps.map((step) => step.map((frame) => make("canvas", { frame })));
    const boxes = this.head.steps.map((step, t) => {
      const given = t < this.head.given ? " · given" : "";
      const caption = make("figcaption", { textContent: captionOf(t, step) + given });
      return make("figure", { className: "step" },
        make("div", { className: "frames" }, ...this.canvases[t]), caption);
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
      box.style.width = `${frames * wide + (frames - 1) * FRAME_GAP}px`;
    }
    this.paint();
    this.playOnce();
  }

  // The first time it is seen, from the first step on; not for who wants nothing to move.
  playOnce() {
    if (this.memory.played) return;
    this.memory.played = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still && this.step === this.head.decoding - 1 && this.step > 0) this.play();
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
    this.say();
  }

  paintFrame(canvas, t, asked) {
    const pen = fit(canvas, ...this.frame);
    const [, , height, width] = this.head.frames;
    copy(pen, this.picture(this.step, canvas.frame), [0, 0, width, height], [0, 0, ...this.frame]);
    if (this.over) this.drawTokens(pen, t);
    if (this.hovered?.[0] === t) this.box(pen, this.hovered, "#ffffff", 1.25);
    if (asked) this.box(pen, this.token, this.head.colours.query, 2.5);
  }

  drawTokens(pen, t) {
    const [, rows, columns] = this.head.grid;
    const [wide, high] = [this.frame[0] / columns, this.frame[1] / rows];
    const { filled, changed, again } = this.head.colours;
    for (let h = 0; h < rows; h++) {
      for (let w = 0; w < columns; w++) {
        const flags = this.parts.flags[this.index([t, h, w])];
        const box = [w * wide, h * high, wide, high];
        if (this.over === "confidence") {
          pen.fillStyle = `rgb(255 255 255 / ${0.8 * this.parts.confidence[this.index([t, h, w])]})`;
          if (t >= this.head.given) pen.fillRect(...box);
          continue;
        }
        if (!(flags & MASKED)) continue;
        pen.globalAlpha = 0.5;
        pen.fillStyle = flags & CHANGED ? changed : filled;
        pen.fillRect(box[0] + 0.5, box[1] + 0.5, wide - 1, high - 1);
        pen.globalAlpha = 1;
        if (flags & AGAIN) {
          pen.fillStyle = again;
          const side = Math.max(3, wide / 4);
          pen.fillRect(box[0] + (wide - side) / 2, box[1] + (high - side) / 2, side, side);
        }
      }
    }
  }

  box(pen, place, colour, line) {
    outlinePatch(pen, place, { frame: this.frame, grid: this.head.grid }, colour, line);
  }

  // ---- in words

  index([t, h, w]) {
    const [steps, rows, columns] = this.head.grid;
    return ((this.step * steps + t) * rows + h) * columns + w;
  }

  get token() {
    const { picked } = this.memory;
    return picked?.slice(1).map((at, along) => clamp(at, 0, this.head.grid[along] - 1));
  }

  words(token) {
    if (token[0] < this.head.given) return `${placeName(...token)} · given, never masked`;
    const flags = this.parts.flags[this.index(token)];
    const sure = spoken(this.parts.confidence[this.index(token)], 3);
    const done = !(flags & MASKED) ? "kept" : flags & CHANGED ? "filled in with another code" : "filled in";
    const next = flags & AGAIN ? ", masked again next" : "";
    return `${placeName(...token)} · ${done}${next} · confidence ${sure}`;
  }

  counts() {
    const [steps, rows, columns] = this.head.grid;
    const from = this.step * steps * rows * columns;
    const found = { masked: 0, again: 0 };
    for (let i = from; i < from + steps * rows * columns; i++) {
      found.masked += this.parts.flags[i] & MASKED ? 1 : 0;
      found.again += this.parts.flags[i] & AGAIN ? 1 : 0;
    }
    return found;
  }

  say() {
    const { masked, again } = this.counts();
    const words = `decoding step ${this.step + 1} of ${this.head.decoding}: ` +
      `${masked} filled in, ${again} masked again`;
    this.find(".at").textContent = words;
    const shown = this.hovered ?? this.token;
    this.find(".said").textContent = shown ? this.words(shown) : "";
    this.scrub.ariaValueText = words;
    this.strip.ariaLabel = `The video as the tokens stand. ${words}. ` +
      `Selected: ${this.token ? this.words(this.token) : "no token"}. ` +
      "Arrow keys move the token, Page Up and Page Down the time step.";
    Object.assign(this.strip.dataset, {
      token: shown ?? "",
      confidence: shown ? String(this.parts.confidence[this.index(shown)]) : "",
    });
  }

  drawLegend() {
    const { filled, changed, again } = this.head.colours;
    this.find(".legend").replaceChildren(
      swatch(filled, "filled in"),
      swatch(changed, "with another code"),
      swatch(again, "masked again next"),
      make("span", {}, this.head.given ? "no colour: kept or given" : "no colour: kept"),
    );
  }

  // ---- what the user does

  go(step) {
    this.memory.step = step;
    this.soon("paint");
    clearTimeout(this.resting);
    if (!this.timer) this.resting = setTimeout(() => this.report(), REST);
  }

  play() {
    if (this.step === this.head.decoding - 1) this.memory.step = 0;
    this.paint();
    this.timer = setInterval(() => {
      if (this.step === this.head.decoding - 1) this.stop(true);
      else this.go(this.step + 1);
    }, PACE);
    this.setButton();
  }

  stop(report) {
    clearInterval(this.timer);
    this.timer = null;
    this.setButton();
    if (report) this.report();
  }

  setButton() {
    this.button.textContent = this.timer ? "❚❚" : "▶";
    this.button.ariaLabel = this.timer ? "Pause" : "Play the decoding steps";
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
    const [, rows, columns] = this.head.grid;
    const cell = (at, extent, cells) => clamp(Math.floor((at / extent) * cells), 0, cells - 1);
    return [t, cell(event.offsetY, this.frame[1], rows), cell(event.offsetX, this.frame[0], columns)];
  }

  point(token) {
    if (!this.head || String(token) === String(this.hovered)) return;
    this.hovered = token;
    this.soon("paint");
  }

  choose(token) {
    this.stop(false);
    if (token) this.pick(token);
  }

  pick([t, h, w]) {
    this.memory.picked = [this.step, t, h, w];
    this.paint();
    this.tell("pick", { step: this.step, t, h, w });
  }

  key(event) {
    if (!plain(event)) return;
    const pages = { PageUp: [-1, 0, 0], PageDown: [1, 0, 0] };
    const move = event.key in ARROWS ? [0, ...ARROWS[event.key]] : pages[event.key];
    if (event.key === " ") {
      used(event);
      this.button.click();
      return;
    }
    if (!move) return;
    used(event);
    this.hovered = null;
    const limits = this.head.grid;
    this.pick((this.token ?? [0, 0, 0]).map((at, i) => clamp(at + move[i], 0, limits[i] - 1)));
  }

  close() {
    super.close();
    this.stop(false);
    clearTimeout(this.resting);
  }
}

export default (call) => show(SamplingPlayer, call);
