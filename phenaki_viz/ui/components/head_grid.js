class HeadGrid extends Panel {
  constructor(root) {
    super(root);
    this.canvas = this.find("canvas");
    this.said = this.find(".said");
    this.canvas.onpointermove = (event) => this.point(this.at(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.pick(this.at(event));
    this.canvas.ondblclick = (event) => this.at(event) && this.isolate(!this.alone);
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.point(null);
    this.shortcut = (event) => this.step(event);
    document.addEventListener("keydown", this.shortcut);
    const button = (title, onclick) => make("button", { type: "button", title, onclick });
    this.pinButton = button("Hold this head beside others (p)", () => this.pin(this.picked));
    this.aloneButton = button("Double click, or i; Esc goes back", () => this.isolate(!this.alone));
    this.find(".tools").append(this.pinButton, this.aloneButton);
  }

  close() {
    super.close();
    document.removeEventListener("keydown", this.shortcut);
  }

  get picked() {
    const { layers, heads } = this.head;
    const [layer, head] = this.memory.picked;
    return [clamp(layer, 0, layers.length - 1), clamp(head, 0, heads.length - 1)];
  }

  get alone() {
    return Boolean(this.head.arrange && this.memory.arranged.alone);
  }

  get pins() {
    return this.head.arrange ? this.memory.arranged.pins : [];
  }

  get columns() {
    return this.head.heads.length + (this.head.means ? 1 : 0);
  }

  // All tiles side by side, one dot a cell: painted once for each new data.
  take() {
    const { layers, cell: [y, x], arrange, means } = this.head;
    const colours = pixels(this.parts.table);
    const codes = this.parts.codes;
    const width = this.columns * x;
    if (arrange) this.heeds(arrange, "arrange", "arranged");
    this.mosaic = imageOf(width, (layers.length + (means ? 1 : 0)) * y, (dots) => {
      for (let i = 0; i < codes.length; i++) {
        const tile = Math.floor(i / (x * y));
        const row = Math.floor(tile / this.columns) * y + Math.floor((i % (x * y)) / x);
        dots[row * width + (tile % this.columns) * x + (i % x)] = colours[codes[i]];
      }
    });
    this.ends = endsOf(this.parts.values);
    this.hovered = null;
    this.warning = "";
    this.find(".tools").hidden = !arrange;
  }

  draw() {
    this.lay();
    this.base = new OffscreenCanvas(1, 1);
    const pen = fitOff(this.base, this.at0.size);
    if (!this.at0.named) this.drawLabels(pen);
    for (const slot of this.at0.slots) this.drawTile(pen, slot);
    if (!this.at0.slots.length) this.drawNone(pen);
    this.mark();
    const { left, top, tile, gap, bar } = this.at0;
    this.canvas.dataset.tiles = [left, top, tile + gap, tile + bar + gap, tile];
    this.canvas.dataset.order = this.at0.slots.map((slot) => slot.tile.join(".")).join(" ");
    this.canvas.dataset.painted = Number(this.canvas.dataset.painted ?? 0) + 1;
  }

  lay() {
    const { layers, means } = this.head;
    const pen = this.canvas.getContext("2d");
    pen.font = `${GRID_FONT}px ${this.theme.font}`;
    const names = [...layers, means ? "mean" : ""].map((name) => pen.measureText(name).width);
    this.at0 = layTiles(this.head, {
      width: this.width,
      tall: this.left(".foot", ".notes"),
      names,
      barred: Boolean(this.parts.values) && !this.head.filled,
      alone: this.alone,
      picked: this.picked,
    });
    fit(this.canvas, ...this.at0.size);
  }

  box(tile) {
    return this.at0.slots.find((slot) => sameTile(slot.tile, tile))?.box;
  }

  drawTile(pen, { tile: [layer, head], box }) {
    const [y, x] = this.head.cell;
    copy(pen, this.mosaic, [head * x, layer * y, x, y], box);
    pen.strokeStyle = this.theme.text;
    pen.globalAlpha = 0.16;
    pen.strokeRect(box[0] - 0.5, box[1] - 0.5, box[2] + 1, box[3] + 1);
    pen.globalAlpha = 1;
    if (this.head.filled) this.drawNumber(pen, box, [layer, head]);
    else if (this.parts.values) this.drawBar(pen, box, this.value(layer, head));
    if (this.at0.named) this.drawName(pen, [layer, head], box);
  }

  drawName(pen, tile, [x, y, width]) {
    const strong = sameTile(tile, this.picked);
    pen.font = `${strong ? 700 : 400} ${GRID_FONT}px ${this.theme.font}`;
    pen.fillStyle = this.theme.text;
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    const short = pen.measureText(this.label(tile)).width > width;
    pen.fillText(short ? this.label(tile).replace(" ", "") : this.label(tile), x, y - 4);
  }

  drawNone(pen) {
    pen.font = `13px ${this.theme.font}`;
    pen.fillStyle = this.theme.text;
    pen.fillText("No head passes the filter.", 4, 18);
  }

  // On the colour that it has, where there is room for it.
  drawNumber(pen, [x, y, tile], [layer, head]) {
    const value = this.value(layer, head);
    const text = Number.isFinite(value) ? spoken(value, 2) : "";
    pen.font = `600 ${GRID_FONT}px ${this.theme.font}`;
    if (!text || pen.measureText(text).width > tile - 4) return;
    const [down, across] = this.head.cell;
    const dot = 3 * this.parts.codes[(layer * this.columns + head) * down * across];
    const [red, green, blue] = this.parts.table.subarray(dot, dot + 3);
    pen.fillStyle = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#111111" : "#ffffff";
    [pen.textAlign, pen.textBaseline] = ["center", "middle"];
    pen.fillText(text, x + tile / 2, y + tile / 2);
  }

  drawBar(pen, [x, y, tile], value) {
    const { low, high } = this.ends;
    const share = Number.isFinite(value) ? (value - low) / (high - low || 1) : 0;
    pen.fillStyle = this.theme.text;
    pen.globalAlpha = 0.14;
    pen.fillRect(x, y + tile + 2, tile, BAR);
    pen.globalAlpha = 0.75;
    pen.fillRect(x, y + tile + 2, tile * share, BAR);
    pen.globalAlpha = 1;
  }

  drawLabels(pen) {
    const { layers, heads, means } = this.head;
    const { tile, gap } = this.at0;
    const [layer, head] = this.picked;
    const across = fitting(pen, heads, tile + gap - 3, this.theme);
    heads.forEach((_, h) => this.drawLabel(pen, across(h, h === head), h === head, [0, h], true));
    const every = Math.ceil(GRID_FONT / (tile + gap));
    layers.forEach((name, l) => {
      if (l % every === 0 || l === layer) this.drawLabel(pen, name, l === layer, [l, 0], false);
    });
    if (!means) return;
    this.drawLabel(pen, tile < 26 ? "x̄" : "mean", false, [0, heads.length], true);
    this.drawLabel(pen, "mean", false, [layers.length, 0], false);
  }

  drawLabel(pen, text, strong, at, above) {
    const { left, top, tile } = this.at0;
    pen.font = `${strong ? 700 : 400} ${GRID_FONT}px ${this.theme.font}`;
    pen.fillStyle = this.theme.text;
    pen.globalAlpha = strong ? 1 : 0.62;
    const [x, y] = this.box(at);
    pen.textAlign = above ? "center" : "right";
    pen.textBaseline = above ? "alphabetic" : "middle";
    if (above) pen.fillText(text, x + tile / 2, top - 7);
    else pen.fillText(text, left - 7, y + tile / 2);
    pen.globalAlpha = 1;
  }

  // What moves with the pointer: the tiles stay as they are.
  mark() {
    const { bar, size } = this.at0;
    const pen = fit(this.canvas, ...size);
    pen.drawImage(this.base, 0, 0, ...size);
    const around = (tile, colour, line) => {
      const box = this.box(tile);
      if (box) outline(pen, box, bar, colour, line);
    };
    if (this.hovered) around(this.hovered, this.theme.text, 1.5);
    around(this.picked, this.head.colours.query, 3);
    this.pins.forEach((tile, at) => this.drawPin(pen, this.box(tile), at + 1));
    this.say();
  }

  drawPin(pen, box, number) {
    if (!box) return;
    const radius = Math.min(8, box[2] / 3);
    const [x, y] = [box[0] + box[2] - radius - 1, box[1] + radius + 1];
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = this.head.colours.pin;
    pen.fill();
    pen.fillStyle = "#000";
    pen.font = `700 ${Math.round(1.4 * radius)}px ${this.theme.font}`;
    [pen.textAlign, pen.textBaseline] = ["center", "middle"];
    pen.fillText(number, x, y + 0.5);
  }

  value(layer, head) {
    return this.parts.values?.[layer * this.columns + head];
  }

  label([layer, head]) {
    const { layers, heads } = this.head;
    const [all, every] = [layer === layers.length, head === heads.length];
    if (all && every) return "mean of all heads";
    if (all) return `mean over layers, ${heads[head]}`;
    if (every) return `${layers[layer]}, mean over heads`;
    return `${layers[layer]} ${heads[head]}`;
  }

  words(tile) {
    const value = this.value(...tile);
    if (value === undefined) return this.label(tile);
    const number = Number.isFinite(value) ? spoken(value, 3) : "none";
    return `${this.label(tile)} · ${this.head.label} ${number}`.replace("  ", " ");
  }

  say() {
    const { layers, heads } = this.head;
    const [label, ...rest] = this.words(this.picked).split(" · ");
    const selected = [make("b", { textContent: label }), [" ", ...rest].join(" ")];
    const hovered = this.hovered ? `  →  ${this.words(this.hovered)}` : "";
    this.said.replaceChildren(
      dot(this.head.colours.query),
      ...selected,
      make("i", { textContent: this.warning || hovered }),
    );
    const pinned = this.pins.map((tile) => this.label(tile)).join(", ");
    this.canvas.ariaLabel =
      `Attention of ${layers.length} layers with ${heads.length} heads. ` +
      `Selected: ${this.words(this.picked)}${this.alone ? ", shown alone" : ""}. ` +
      (pinned ? `Pinned: ${pinned}. ` : "") +
      "Arrow keys move, Enter selects, p pins, i isolates.";
    this.canvas.dataset.picked = this.picked;
    this.canvas.dataset.hovered = this.hovered ?? "";
    this.canvas.dataset.pins = this.pins.map((tile) => tile.join(".")).join("_");
    this.canvas.dataset.alone = this.alone;
    this.tools();
  }

  tools() {
    const held = this.isPinned(this.picked);
    this.pinButton.textContent = `${held ? "Unpin" : "Pin"} ${this.label(this.picked)}`;
    this.pinButton.ariaPressed = held;
    this.aloneButton.textContent = this.alone ? "All heads" : "Alone";
    this.aloneButton.ariaPressed = this.alone;
  }

  at({ offsetX, offsetY }) {
    const { slots, bar, gap } = this.at0;
    const inside = ({ box: [x, y, width, height] }) =>
      offsetX >= x && offsetX < x + width + gap && offsetY >= y && offsetY < y + height + bar + gap;
    return slots.find(inside)?.tile ?? null;
  }

  point(tile) {
    if (!this.head || String(tile) === String(this.hovered)) return;
    this.hovered = tile;
    this.warning = "";
    this.promptly("mark");
  }

  isHead(tile) {
    return tile && tile[0] < this.head.layers.length && tile[1] < this.head.heads.length;
  }

  pick(tile) {
    if (!this.isHead(tile) || String(tile) === String(this.picked)) return;
    const [layer, head] = (this.memory.picked = tile);
    this.draw();
    this.find(".aloud").textContent = this.words(tile);
    this.tell("pick", { layer, head });
  }

  isPinned(tile) {
    return this.pins.some((one) => sameTile(one, tile));
  }

  pin(tile) {
    if (!this.head.arrange || !this.isHead(tile)) return;
    const held = this.isPinned(tile);
    if (!held && this.pins.length >= this.head.most) {
      this.warning = ` ${this.head.most} heads are pinned: unpin one to pin ${this.label(tile)}`;
      this.find(".aloud").textContent = this.warning;
      this.mark();
      return;
    }
    const others = this.pins.filter((one) => !sameTile(one, tile));
    this.arrange({ alone: this.alone, pins: held ? others : [...others, tile] });
    this.find(".aloud").textContent = `${this.label(tile)} ${held ? "unpinned" : "pinned"}`;
  }

  isolate(alone) {
    if (!this.head.arrange || alone === this.alone) return;
    this.arrange({ alone, pins: this.pins });
    this.find(".aloud").textContent = alone ? `${this.label(this.picked)} alone` : "All heads";
  }

  arrange(arranged) {
    this.memory.arranged = arranged;
    this.warning = "";
    this.draw();
    this.tell("arrange", arranged);
  }

  key(event) {
    if (!plain(event)) return;
    const from = this.hovered ?? this.picked;
    if (event.key in ARROWS) this.point(neighbour(this.at0.slots, from, ARROWS[event.key]));
    else if (event.key === "Enter" || event.key === " ") this.pick(from);
    else if (event.key === "p") this.pin(from);
    else if (event.key === "i") this.isolate(!this.alone);
    else if (event.key === "Escape" && this.alone) this.isolate(false);
    else if (event.key === "Escape" && this.hovered) this.point(null);
    else return;
    if (this.hovered && event.key in ARROWS) {
      this.find(".aloud").textContent = this.words(this.hovered);
    }
    used(event);
  }

  // [ ] and , . step through layers and heads from anywhere on the page but a text field.
  step(event) {
    const steps = { "[": [-1, 0], "]": [1, 0], ",": [0, -1], ".": [0, 1] };
    if (!this.head || !plain(event) || !(event.key in steps) || isTyping(event)) return;
    const [down, right] = steps[event.key];
    const [layer, head] = this.picked;
    const { layers, heads } = this.head;
    this.pick([clamp(layer + down, 0, layers.length - 1), clamp(head + right, 0, heads.length - 1)]);
    used(event);
  }
}

function endsOf(values) {
  const finite = [...(values ?? [])].filter(Number.isFinite);
  return { low: Math.min(0, ...finite), high: Math.max(0, ...finite) };
}

function fitOff(canvas, [width, height]) {
  const dots = devicePixelRatio || 1;
  Object.assign(canvas, { width: Math.round(width * dots), height: Math.round(height * dots) });
  const pen = canvas.getContext("2d");
  pen.scale(dots, dots);
  return pen;
}

export default (call) => show(HeadGrid, call);
