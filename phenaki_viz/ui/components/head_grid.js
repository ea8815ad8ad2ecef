const LARGEST_TILE = 96;
const TALLEST_GRID = 640;
const BAR = 3; // pixels: the number of a head, as a bar under its tile
const GRID_FONT = 11;

class HeadGrid extends Panel {
  constructor(root) {
    super(root);
    this.canvas = this.find("canvas");
    this.said = this.find(".said");
    this.canvas.onpointermove = (event) => this.point(this.at(event));
    this.canvas.onpointerleave = () => this.point(null);
    this.canvas.onclick = (event) => this.pick(this.at(event));
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.point(null);
    this.shortcut = (event) => this.step(event);
    document.addEventListener("keydown", this.shortcut);
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

  // All tiles side by side, one dot a cell: painted once for each new data.
  take() {
    const { layers, heads, cell: [y, x] } = this.head;
    const colours = pixels(this.parts.table);
    const codes = this.parts.codes;
    const width = heads.length * x;
    this.mosaic = imageOf(width, layers.length * y, (dots) => {
      for (let i = 0; i < codes.length; i++) {
        const tile = Math.floor(i / (x * y));
        const row = Math.floor(tile / heads.length) * y + Math.floor((i % (x * y)) / x);
        dots[row * width + (tile % heads.length) * x + (i % x)] = colours[codes[i]];
      }
    });
    this.ends = endsOf(this.parts.values);
    this.hovered = null;
  }

  draw() {
    this.lay();
    this.base = new OffscreenCanvas(1, 1);
    const pen = fitOff(this.base, this.size);
    this.drawLabels(pen);
    this.eachTile((layer, head) => this.drawTile(pen, layer, head));
    this.mark();
    const { left, top, tile } = this.at0;
    const [right, below] = this.box(1, 1);
    this.canvas.dataset.tiles = [left, top, right - left, below - top, tile];
    this.canvas.dataset.painted = Number(this.canvas.dataset.painted ?? 0) + 1;
  }

  lay() {
    const { layers, heads } = this.head;
    const pen = this.canvas.getContext("2d");
    pen.font = `${GRID_FONT}px ${this.theme.font}`;
    const names = layers.map((name) => pen.measureText(name).width);
    const gap = this.width < 480 ? 2 : 4;
    const left = Math.ceil(Math.max(...names)) + 8;
    const bar = this.parts.values ? BAR + 3 : 0;
    const across = Math.floor((this.width - left - 3) / heads.length) - gap;
    const down = Math.floor(TALLEST_GRID / layers.length) - gap - bar;
    const tile = Math.max(6, Math.min(across, Math.max(down, 24), LARGEST_TILE));
    this.at0 = { left, top: GRID_FONT + 9, gap, tile, bar };
    const { top } = this.at0;
    const height = top + layers.length * (tile + bar + gap) + 3;
    this.size = [left + heads.length * (tile + gap) + 3, height];
    fit(this.canvas, ...this.size);
  }

  box(layer, head) {
    const { left, top, gap, tile, bar } = this.at0;
    return [left + head * (tile + gap), top + layer * (tile + bar + gap), tile, tile];
  }

  eachTile(visit) {
    this.head.layers.forEach((_, l) => this.head.heads.forEach((_, h) => visit(l, h)));
  }

  drawTile(pen, layer, head) {
    const [y, x] = this.head.cell;
    const box = this.box(layer, head);
    copy(pen, this.mosaic, [head * x, layer * y, x, y], box);
    pen.strokeStyle = this.theme.text;
    pen.globalAlpha = 0.16;
    pen.strokeRect(box[0] - 0.5, box[1] - 0.5, box[2] + 1, box[3] + 1);
    pen.globalAlpha = 1;
    if (this.parts.values) this.drawBar(pen, box, this.value(layer, head));
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
    const { layers, heads } = this.head;
    const { tile, gap } = this.at0;
    const [layer, head] = this.picked;
    const across = fitting(pen, heads, tile + gap - 3, this.theme);
    heads.forEach((_, h) => this.drawLabel(pen, across(h, h === head), h === head, [0, h]));
    const every = Math.ceil(GRID_FONT / (tile + gap));
    layers.forEach((name, l) => {
      if (l % every === 0 || l === layer) this.drawLabel(pen, name, l === layer, [l, -1]);
    });
  }

  drawLabel(pen, text, strong, [layer, head]) {
    const { left, top, tile } = this.at0;
    pen.font = `${strong ? 700 : 400} ${GRID_FONT}px ${this.theme.font}`;
    pen.fillStyle = this.theme.text;
    pen.globalAlpha = strong ? 1 : 0.62;
    const [x, y] = this.box(layer, Math.max(head, 0));
    pen.textAlign = head < 0 ? "right" : "center";
    pen.textBaseline = head < 0 ? "middle" : "alphabetic";
    if (head < 0) pen.fillText(text, left - 7, y + tile / 2);
    else pen.fillText(text, x + tile / 2, top - 7);
    pen.globalAlpha = 1;
  }

  // What moves with the pointer: the tiles stay as they are.
  mark() {
    const pen = fit(this.canvas, ...this.size);
    pen.drawImage(this.base, 0, 0, ...this.size);
    const { bar } = this.at0;
    if (this.hovered) outline(pen, this.box(...this.hovered), bar, this.theme.text, 1.5);
    outline(pen, this.box(...this.picked), bar, this.head.colours.query, 3);
    this.say();
  }

  value(layer, head) {
    return this.parts.values?.[layer * this.head.heads.length + head];
  }

  label([layer, head]) {
    return `${this.head.layers[layer]} ${this.head.heads[head]}`;
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
      make("i", { textContent: hovered }),
    );
    this.canvas.ariaLabel =
      `Attention of ${layers.length} layers with ${heads.length} heads. ` +
      `Selected: ${this.words(this.picked)}. Arrow keys move, Enter selects.`;
    this.canvas.dataset.picked = this.picked;
    this.canvas.dataset.hovered = this.hovered ?? "";
  }

  at({ offsetX, offsetY }) {
    const { left, top, gap, tile, bar } = this.at0;
    const layer = Math.floor((offsetY - top) / (tile + bar + gap));
    const head = Math.floor((offsetX - left) / (tile + gap));
    const inside = layer >= 0 && head >= 0;
    return inside && layer < this.head.layers.length && head < this.head.heads.length
      ? [layer, head]
      : null;
  }

  point(tile) {
    if (!this.head || String(tile) === String(this.hovered)) return;
    this.hovered = tile;
    this.soon(() => this.mark());
  }

  pick(tile) {
    if (!tile || String(tile) === String(this.picked)) return;
    const [layer, head] = (this.memory.picked = tile);
    this.draw();
    this.find(".aloud").textContent = this.words(tile);
    this.tell("pick", { layer, head });
  }

  key(event) {
    if (!plain(event)) return;
    const from = this.hovered ?? this.picked;
    if (event.key in ARROWS) this.point(this.moved(from, ARROWS[event.key]));
    else if (event.key === "Enter" || event.key === " ") this.pick(from);
    else if (event.key === "Escape" && this.hovered) this.point(null);
    else return;
    if (this.hovered) this.find(".aloud").textContent = this.words(this.hovered);
    used(event);
  }

  // [ ] and , . step through layers and heads from anywhere on the page but a text field.
  step(event) {
    const steps = { "[": [-1, 0], "]": [1, 0], ",": [0, -1], ".": [0, 1] };
    if (!this.head || !plain(event) || !(event.key in steps) || isTyping(event)) return;
    this.pick(this.moved(this.picked, steps[event.key]));
    used(event);
  }

  moved([layer, head], [down, right]) {
    const { layers, heads } = this.head;
    return [
      clamp(layer + down, 0, layers.length - 1),
      clamp(head + right, 0, heads.length - 1),
    ];
  }
}

function isTyping(event) {
  const [target] = event.composedPath();
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
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

function outline(pen, [x, y, width, height], below, colour, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x - line / 2, y - line / 2, width + line, height + below + line);
  pen.lineWidth = 1;
}

// Column labels in the room there is: whole, then their digits, then only every second, third, …
function fitting(pen, names, room, theme) {
  pen.font = `700 ${GRID_FONT}px ${theme.font}`;
  const widest = (texts) => Math.max(...texts.map((text) => pen.measureText(text).width));
  const digits = names.map((name) => name.replace(/^\D+(?=\d)/, ""));
  const shown = widest(names) <= room ? names : digits;
  const every = Math.ceil(widest(shown) / room);
  return (index, strong) => (index % every === 0 || strong ? shown[index] : "");
}

export default (call) => show(HeadGrid, call);
