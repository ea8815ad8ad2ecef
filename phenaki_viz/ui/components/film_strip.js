const READ = 2000; // milliseconds that a warning stays, however the pointer moves

const samePlaces = (one, other) => JSON.stringify(one) === JSON.stringify(other);

class FilmStrip extends FilmFrames {
  constructor(root) {
    super(root);
    this.strip = this.find(".strip");
    Object.assign(this.strip, {
      onpointermove: (event) => this.moved(event),
      onpointerleave: () => this.point(null),
      onpointerdown: (event) => this.pressed(event),
      onpointerup: () => this.released(),
      onpointercancel: () => this.released(),
      onclick: (event) => this.clicked(event),
      onkeydown: (event) => this.key(event),
      onblur: () => this.point(null),
    });
    this.addTools();
    this.walk = new Walk(this, this.find(".walk"));
  }

  close() {
    this.walk.halt();
    super.close();
  }

  addTools() {
    this.slider = make("input", { type: "range", min: 0, max: 1, step: 0.01 });
    this.slider.oninput = () => this.set("opacity", this.slider.valueAsNumber);
    this.slider.onchange = () => this.tellLook();
    this.contrast = make("input", { type: "range", min: 1, max: 10, step: 0.1 });
    this.contrast.oninput = () => this.set("contrast", this.contrast.valueAsNumber);
    this.contrast.onchange = () => this.tellLook();
    this.lines = make("input", { type: "checkbox" });
    this.lines.onchange = () => this.turn("lines", this.lines.checked);
    this.beside = make("input", { type: "checkbox" });
    this.beside.onchange = () => this.turn("beside", this.beside.checked);
    this.hatched = make("input", { type: "checkbox" });
    this.hatched.onchange = () => this.turn("bare", !this.hatched.checked);
    this.hatching = make("label", {}, this.hatched, "hatch masked");
    this.combine = make(
      "select",
      { ariaLabel: "How several patches are put together", onchange: () => this.recombine() },
      ...["mean", "sum"].map((value) => make("option", { value, textContent: value })),
    );
    const title = "Show where the patch under the pointer looks; a click holds it (Esc)";
    const onclick = () => this.hold(!this.memory.locked);
    this.follow = make("button", { type: "button", title, onclick, textContent: "Follow pointer" });
    const drawing = make(
      "div",
      { className: "box" },
      make("label", {}, "overlay", this.slider),
      make("label", { title: "Colours end at a lower weight" }, "contrast", this.contrast),
      make("label", { title: "Weights under the frames, not over them" }, this.beside, "apart"),
      make("label", {}, this.lines, "patch grid"),
      this.hatching,
    );
    this.drawing = make("details", {}, make("summary", { textContent: "Drawn" }), drawing);
    this.drawing.onkeydown = (event) => this.shut(event);
    this.drawing.onfocusout = ({ relatedTarget: to }) => {
      if (to && !this.drawing.contains(to)) this.drawing.open = false;
    };
    this.find(".own").append(this.combine, this.follow, this.drawing);
  }

  shut(event) {
    if (event.key !== "Escape") return;
    used(event);
    this.drawing.open = false;
    this.drawing.firstChild.focus();
  }

  set(name, value) {
    this.memory[name] = value;
    this.soon("draw");
  }

  turn(name, on) {
    this.set(name, on);
    this.tellLook();
  }

  tellLook() {
    const { opacity, contrast, lines, beside, bare } = this.memory;
    if (this.head.tellsLook) this.tell("look", { opacity, contrast, lines, beside, bare });
  }

  take() {
    const { head, memory } = this;
    this.panel.classList.toggle("bare", Boolean(head.bare));
    this.panel.classList.toggle("still", Boolean(head.still));
    this.slider.value = memory.opacity ??= head.look?.opacity ?? OPACITY;
    this.contrast.value = memory.contrast ??= head.look?.contrast ?? 1;
    this.lines.checked = memory.lines ??= head.look?.lines ?? false;
    this.beside.checked = memory.beside ??= head.look?.beside ?? false;
    this.hatched.checked = !(memory.bare ??= head.look?.bare ?? false);
    this.hatching.hidden = !this.parts.masked;
    memory.locked ??= head.locked;
    memory.picked ??= head.chosen?.[0];
    memory.also ??= head.chosen?.slice(1) ?? [];
    if (!this.walk.playing) this.walk.set(head.walk);
    if (!room.playing) this.combine.value = head.combine;
    this.build();
    this.weights = null;
    this.look();
    this.walk.arrived();
  }

  // ---- what is laid over the frames

  get chosen() {
    return this.picked ? [this.picked, ...this.memory.also] : null;
  }

  // What the colours belong to: the patch under the pointer while it is followed.
  get looked() {
    return this.follows && this.hovered ? [this.hovered] : this.chosen;
  }

  get near() {
    return this.head?.word === null && Boolean(nearby(this.head.weights));
  }

  get follows() {
    return !this.memory.locked && this.near;
  }

  // The word whose readers are shown: the one that is pointed at on the map, else the chosen one.
  get word() {
    const { word, axes } = this.head;
    if (word === null || !axes) return null;
    return this.pointedWord ?? this.memory.word ?? word;
  }

  look() {
    const { head, looked } = this;
    if (this.word !== null) return this.lookAtWord();
    const together = looked?.length > 1 && this.combine.value !== head.combine;
    const sent = !head.chosen || (samePlaces(looked, head.chosen) && !together);
    const found = sent ? this.parts.weights : this.fromNearby(looked);
    if (found || !this.weights) this.lay(found ?? this.parts.weights, found ? looked : head.chosen);
    this.isLate(!found);
    return Boolean(found);
  }

  lookAtWord() {
    const map = nearby(this.head.weights);
    const sent = this.word === this.head.word;
    const line = () => map && lineAt(map, this.head.grid, "column", this.word);
    const found = sent ? this.parts.weights : line();
    if (found || !this.weights) this.lay(found || this.parts.weights, [this.word]);
    this.isLate(!found);
    return true; // what is shown does not change with the patch
  }

  // Whether the weights are still those of another patch or word: Python has to be asked.
  isLate(late) {
    this.late = late;
    this.age();
  }

  fromNearby(places) {
    const how = { direction: this.head.side, combine: this.combine.value };
    return nearbyWeights(this.head.weights, this.head.grid, how, places);
  }

  // ---- in words

  get picked() {
    const { picked } = this.memory;
    const inside = (at, along) => clamp(at, 0, this.head.grid[along] - 1);
    return !this.head.still && picked && picked.map(inside);
  }

  weight([t, h, w]) {
    const [, rows, columns] = this.head.grid;
    return this.weights[(t * rows + h) * columns + w];
  }

  // Whether the model was not shown this patch.
  isMasked([t, h, w]) {
    const [, rows, columns] = this.head.grid;
    return Boolean(this.parts.masked?.[(t * rows + h) * columns + w]);
  }

  words(patch) {
    const value = this.weight(patch);
    const name = `${placeName(...patch)}${this.isMasked(patch) ? " · masked" : ""}`;
    if (!Number.isFinite(value)) return `${name} · no weight: masked, or not a key here`;
    const uniform = this.uniformOf(patch);
    const ratio = uniform ? ` · ${times(value, uniform)}` : "";
    return `${name} · ${this.head.unit} ${weightSaid(value)}${ratio}`;
  }

  // What a query that does not choose gives each key: every query's own where some see less than
  // others; none for several together that differ.
  uniformOf(patch) {
    const { head, looked } = this;
    if (looked?.length > 1 && this.combine.value === "sum") return null;
    const map = nearby(head.weights);
    if (!map?.uniform) return head.uniform;
    const isRow = head.side === "row" && this.word === null;
    const queries = (isRow ? (looked ?? []) : [patch]).map((at) => indexOf(map.query, at));
    const found = new Set(queries.map((query) => map.uniform[query]));
    return found.size === 1 ? [...found][0] : null;
  }

  // Of patches that Python was not asked for, by the queries of the map beside.
  measured(weights, places) {
    const map = nearby(this.head.weights);
    if (this.head.scale.law !== "uniform" || !map?.uniform || weights === this.parts.weights) {
      return super.measured(weights);
    }
    const own = (patch) => map.uniform[indexOf(map.query, patch)];
    const looks = this.head.side === "row" && this.word === null;
    const [sum, count] = [this.combine.value === "sum" && !looks, places.length];
    const asked = looks ? places.map(own).filter(Number.isFinite) : [];
    const mine = meanOf(asked) * (this.combine.value === "sum" ? asked.length : 1);
    const [, rows, columns] = this.head.grid;
    const patchOf = (i) => [
      Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns,
    ];
    return weights.map((weight, i) => weight / (looks ? mine : own(patchOf(i)) * (sum ? count : 1)));
  }

  // Where most of what is shown lies.
  most() {
    const [, rows, columns] = this.head.grid;
    const { weights } = this;
    const at = weights.reduce((best, weight, i) => (weight > (weights[best] ?? -1) ? i : best), -1);
    if (at < 0) return "no weight to show";
    const place = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    return `most at ${this.words(place)}`;
  }

  saidHere() {
    if (this.warning) return this.warning;
    if (this.follows && this.hovered) return this.most();
    const shown = this.hovered || this.picked;
    if (shown) return this.words(shown);
    const more = this.head.still ? "" : ", click to pick it";
    return `point at a patch to read its ${this.head.unit}${more}`;
  }

  say() {
    this.sayTitle();
    this.find(".said").textContent = this.saidHere();
    const asked = this.picked ? `Selected: ${this.words(this.picked)}` : "No patch selected";
    this.strip.ariaLabel =
      `Video frames under attention weights. ${asked}. ` +
      "Arrow keys move the patch, with Shift they add one, Page Up and Page Down change the time " +
      "step, Space walks, Escape releases.";
    this.follow.disabled = !this.near;
    this.follow.ariaPressed = this.follows;
    this.combine.hidden = !this.memory.also.length;
    this.note();
  }

  // For tests and other tools.
  note() {
    const shown = this.hovered || this.picked;
    Object.assign(this.strip.dataset, {
      patch: shown || "",
      weight: shown ? String(this.weight(shown)) : "",
      picked: this.picked || "",
      also: this.memory.also.map((place) => place.join(".")).join("_"),
      looked: (this.looked ?? []).map((place) => place.join(".")).join("_"),
      high: this.scale.high,
      masked: shown ? this.isMasked(shown) : "",
      total: this.weights.reduce((sum, weight) => sum + (weight || 0), 0),
      key: this.memory.key || "",
      word: this.word ?? "",
      guides: (this.guides ?? []).map(({ at, as }) => `${as} ${at}`).join(" "),
      follows: this.follows,
      locked: Boolean(this.memory.locked),
    });
  }

  sayTitle() {
    const { direction, many, aside, colours, side } = this.head;
    if (this.head.still) {
      this.find(".title").replaceChildren(direction);
      return;
    }
    const places = this.looked ?? [];
    const asked = make("b", { textContent: places.length ? namesOf(places) : "no patch chosen" });
    const word = this.word !== null && cellName(this.head.axes.key, this.word);
    const what = word === false ? direction : `reads “${word}”`;
    const said = places.length > 1 ? ` ${many} (${this.combine.value})` : ` ${what}`;
    const colour = colours[side === "column" ? "key" : "query"];
    const more = make("i", { textContent: aside ? ` · ${aside}` : "" });
    this.find(".title").replaceChildren(dot(colour), asked, said, more);
  }

  // ---- what the user does

  at(event) {
    const { target } = event;
    const holds = (step, t) => step.includes(target) || this.apart[t] === target;
    const t = this.canvases?.findIndex(holds) ?? -1;
    if (t < 0) return null;
    const [, rows, columns] = this.head.grid;
    const [width, height] = this.frame;
    const cell = (at, extent, cells) => clamp(Math.floor((at / extent) * cells), 0, cells - 1);
    return [t, cell(event.offsetY, height, rows), cell(event.offsetX, width, columns)];
  }

  moved(event) {
    const patch = this.at(event);
    const { press } = this;
    if (press && patch && patch[0] === press.patch[0] && !samePlaces(patch, press.patch)) {
      this.band = boxOf(press.patch, patch);
      this.soon("paintBand");
    } else if (!this.band) this.point(patch);
  }

  paintBand() {
    if (this.band) this.paintStep(this.band[0][0]);
  }

  // A finger scrolls the page: boxes are drawn by mouse or pen.
  pressed(event) {
    this.drawing.open = false;
    const patch = this.at(event);
    if (this.head.still || event.button !== 0 || event.pointerType === "touch" || !patch) return;
    this.press = { patch, add: event.shiftKey };
    this.drawn = false;
  }

  released() {
    const { press, band } = this;
    this.press = this.band = null;
    this.drawn = Boolean(band);
    if (band) this.choose(press.add ? merged(this.chosen, band) : band);
  }

  clicked(event) {
    if (!this.drawn) this.pick(this.at(event), event.shiftKey);
    this.drawn = false;
  }

  point(patch) {
    if (!this.head || samePlaces(patch, this.hovered ?? null)) return;
    const steps = [this.hovered?.[0], patch?.[0]].filter((t) => t !== undefined);
    this.hovered = patch;
    if (performance.now() > this.warnedUntil) this.warning = null;
    this.stale = new Set([...(this.stale ?? []), ...steps]);
    this.promptly("paintPointed");
  }

  paintPointed() {
    if (this.follows) {
      this.look();
      this.paint();
    } else {
      for (const t of this.stale ?? []) if (this.canvases[t]) this.paintStep(t);
      this.say();
    }
    this.stale = null;
    this.pointTogether(this.hovered && this.pointOf(this.hovered));
  }

  // What another picture shows of a patch that is pointed at here.
  pointOf(place) {
    const { axes, side, word } = this.head;
    if (!axes) return null;
    const asked = word !== null || (side === "row") === this.follows;
    return asked ? { query: indexOf(axes.query, place) } : { key: indexOf(axes.key, place) };
  }

  // The other way round.
  pointed(point) {
    if (!this.head?.axes || this.head.still) return;
    const here = point?.link === this.head.link ? point : null;
    this.guides = ["query", "key"]
      .filter((as) => Number.isInteger(here?.[as]))
      .map((as) => ({ as, at: placeOf(this.head.axes[as], here[as]) }))
      .filter(({ at }) => at);
    const known = this.head.word !== null && nearby(this.head.weights);
    this.pointedWord = known && Number.isInteger(here?.key) ? here.key : null;
    this.soon("relook");
  }

  relook() {
    this.look();
    this.paint();
  }

  hold(locked) {
    this.memory.locked = locked;
    this.find(".aloud").textContent = locked ? "The patch is held" : "The pointer is followed";
    this.look();
    this.paint();
  }

  pick(patch, add = false) {
    if (!patch) return;
    if (this.head.still) {
      this.point(patch); // a touch has no hover
      return;
    }
    this.choose(add && this.picked ? merged(this.chosen, [patch], true) : [patch]);
  }

  choose(asked) {
    const places = this.head.most === 1 ? [asked.at(-1)] : asked;
    this.walk.halt();
    if (places.length > this.head.most) {
      this.warning = `at most ${this.head.most} patches together, this would be ${places.length}`;
      this.warnedUntil = performance.now() + READ;
      this.paint();
      return;
    }
    const held = this.memory.locked;
    this.warning = null;
    this.memory.locked = true;
    if (samePlaces(places, this.chosen)) {
      if (!held) this.hold(true);
      else this.paint();
      return;
    }
    [this.memory.picked, ...this.memory.also] = places;
    this.look();
    this.paint();
    this.find(".aloud").textContent = `Selected: ${namesOf(places)}`;
    this.tellPick();
  }

  recombine() {
    this.look();
    this.paint();
    this.tellPick();
  }

  asPick() {
    const { axes, side } = this.head;
    if (!axes) return {};
    const query = indexOf(axes.query, this.picked);
    const key = side === "column" ? { key: indexOf(axes.key, this.picked) } : {};
    return { query, ...key, place: this.picked, also: this.memory.also };
  }

  tellPick() {
    const [t, h, w] = this.picked;
    const { also } = this.memory;
    this.pickTogether(this.asPick(), { t, h, w, also, combine: this.combine.value });
  }

  // The selection of the page, from another panel or from Python.
  adopt({ link, query, key, place, also }) {
    const { axes, side } = this.head;
    const names = ["picked", "also", "key", "word"];
    const kept = () => JSON.stringify(names.map((name) => this.memory[name]));
    const before = kept();
    const mine = link === this.head.link;
    const isKey = side === "column" && Number.isInteger(key);
    const named = isKey ? placeOf(axes.key, key) : placeOf(axes.query, query);
    const found = place ?? (mine ? (named ?? [query, 0, 0]) : this.memory.picked);
    Object.assign(this.memory, { picked: found, also: also ?? [] });
    this.memory.key = mine && Number.isInteger(key) ? placeOf(axes.key, key) : null;
    this.memory.word = mine && Number.isInteger(key) ? key : null;
    return before !== kept();
  }

  // ---- walking

  walkTo(place) {
    Object.assign(this.memory, { picked: place, also: [], locked: true });
    const shown = this.look();
    if (shown) this.paint();
    if (shown && this.near) this.showTogether(this.asPick());
    else this.tellPick();
    return shown && this.near;
  }

  walked() {
    this.tellPick();
  }

  tellWalk(walk) {
    this.tell("walk", walk);
  }

  key(event) {
    if (!plain(event)) return;
    if (event.key === " " && !this.head.still) this.walk.toggle();
    else if (event.key === "Escape" && !this.head.still) this.release();
    else if (!this.move(event)) return;
    used(event);
  }

  release() {
    this.walk.stop();
    if (this.memory.also.length) this.choose([this.picked]);
    else this.hold(false);
  }

  move(event) {
    const pages = { PageUp: [-1, 0, 0], PageDown: [1, 0, 0] };
    const by = event.key in ARROWS ? [0, ...ARROWS[event.key]] : pages[event.key];
    if (!by) return false;
    const { still, grid: limits } = this.head;
    const from = (still ? this.hovered : (this.memory.also.at(-1) ?? this.picked)) || [0, 0, 0];
    if (!still) this.hovered = null;
    const to = from.map((at, along) => clamp(at + by[along], 0, limits[along] - 1));
    if (event.shiftKey && this.picked) this.choose(merged(this.chosen, [to]));
    else this.pick(to);
    return true;
  }
}

const namesOf = (places) =>
  places.length > 1 ? `${places.length} patches` : placeName(...places[0]);

// The patches of a box in one time step; the one it was begun at comes first.
function boxOf([t, h0, w0], [, h1, w1]) {
  const found = [];
  const [down, right] = [h1 < h0 ? -1 : 1, w1 < w0 ? -1 : 1];
  for (let h = h0; h !== h1 + down; h += down) {
    for (let w = w0; w !== w1 + right; w += right) found.push([t, h, w]);
  }
  return found;
}

// Chosen patches with others added; `toggle`: those that are among them already are taken away.
function merged(chosen, others, toggle = false) {
  const has = (list, place) => list.some((one) => samePlaces(one, place));
  const kept = toggle ? chosen.filter((place) => !has(others, place)) : chosen;
  const all = [...kept, ...others.filter((place) => !has(chosen, place))];
  return all.length ? all : chosen;
}

export default (call) => show(FilmStrip, call);
