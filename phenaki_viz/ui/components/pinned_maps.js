const NARROWEST = 200;
const WIDEST = 380;
const BETWEEN = 16;

class PinnedMaps extends LinkedPanel {
  constructor(root) {
    super(root);
    this.box = this.find(".maps");
    this.film = new PinnedFilm(this);
  }

  take() {
    const { labels, shape: [rows, columns], scale, colours } = this.head;
    const ramp = pixels(this.parts.table);
    const place = placer(scale);
    const flags = [pixelOf(colours.masked), pixelOf(colours.wrong)];
    const each = rows * columns;
    this.values = decoded(this.parts);
    const { total, cell, shape } = this.head;
    const measure = measurer(scale, this.parts.uniform, { window: [0, total[0]], cell, shape });
    this.pictures = labels.map((_, map) =>
      imageOf(columns, rows, (dots) => {
        for (let i = 0; i < each; i++) {
          const value = this.values[map * each + i];
          if (Number.isFinite(value)) dots[i] = ramp[Math.round(255 * place(measure(value, i)))];
          else dots[i] = Number.isNaN(value) ? flags[0] : flags[1];
        }
      }),
    );
    this.hovered = null;
    this.mount();
    this.drawLegend();
  }

  // One figure a head; made anew only when the heads are others.
  mount() {
    const { labels, film } = this.head;
    const plan = JSON.stringify([labels, Boolean(film)]);
    if (plan === this.plan) return;
    this.plan = plan;
    this.canvases = labels.map(() => make("canvas", { tabIndex: 0, role: "img" }));
    this.films = film ? labels.map(() => make("canvas", { className: "film" })) : [];
    const figures = labels.map((label, map) => {
      const unpin = () => this.tell("unpin", { map });
      const button = make("button", { type: "button", textContent: "Unpin", onclick: unpin });
      button.ariaLabel = `Unpin ${label}`;
      const tools = make("div", { className: "tools" }, button);
      const heading = make("header", {}, make("b", { textContent: label }), tools);
      const pictures = [this.canvases[map], this.films[map]].filter(Boolean);
      return make("figure", { className: "pinned" }, heading, ...pictures);
    });
    for (const canvas of this.canvases) {
      canvas.onpointermove = (event) => this.point(this.at(event));
      canvas.onpointerleave = () => this.point(null);
      canvas.onclick = (event) => this.pick(this.at(event));
      canvas.onkeydown = (event) => this.key(event);
    }
    this.box.replaceChildren(...figures);
  }

  get picked() {
    const [query, key] = this.memory.picked ?? [0, null]; // until the selection is here
    const [rows, columns] = this.head.total;
    return [clamp(query, 0, rows - 1), key === null ? null : clamp(key, 0, columns - 1)];
  }

  draw() {
    if (!this.width) return; // not laid out yet: it is drawn when it is
    const { labels, total: [rows, columns] } = this.head;
    const most = Math.max(1, Math.floor((this.width + BETWEEN) / (NARROWEST + BETWEEN)));
    const across = Math.min(labels.length, most);
    const wide = Math.floor(Math.min(WIDEST, (this.width - BETWEEN * (across - 1)) / across));
    this.size = [wide, Math.round(clamp((wide * rows) / columns, wide / 2, 1.3 * wide))];
    this.box.style.gridTemplateColumns = `repeat(${across}, ${wide}px)`;
    if (this.head.film) this.film.lay(wide);
    this.paint();
  }

  paint() {
    if (!this.size) return;
    this.canvases.forEach((canvas, map) => this.paintMap(fit(canvas, ...this.size), map));
    if (this.head.film) this.film.paint();
    this.say();
  }

  // Frames, or lines of large maps, that Python has sent.
  offered(name) {
    const { film, lines } = this.head ?? {};
    if (film && [film.name, lines].includes(name)) this.soon("paint");
  }

  // What another picture points at.
  pointed(point) {
    this.guide = point && point.link === this.head?.link ? point : null;
    if (this.size) this.soon("paint");
  }

  paintMap(pen, map) {
    const [wide, high] = this.size;
    const { shape: [rows, columns], cell, total, colours } = this.head;
    // The last value may stand for fewer cells than the others.
    const full = [columns * cell[1] / total[1], rows * cell[0] / total[0]];
    copy(pen, this.pictures[map], [0, 0, columns, rows], [0, 0, wide * full[0], high * full[1]]);
    this.drawBreaks(pen);
    const [query, key] = this.picked;
    this.drawLine(pen, colours.query, query, 0);
    if (key !== null) this.drawLine(pen, colours.key, key, 1);
    this.drawGuides(pen);
    if (this.hovered) this.drawHovered(pen, this.hovered);
  }

  drawGuides(pen) {
    const [wide, high] = this.size;
    const { total: [rows, columns], colours } = this.head;
    const { query, key } = this.guide ?? {};
    pen.fillStyle = colours.query;
    if (Number.isInteger(query)) pen.fillRect(0, ((query + 0.5) / rows) * high - 0.5, wide, 1);
    pen.fillStyle = colours.key;
    if (Number.isInteger(key)) pen.fillRect(((key + 0.5) / columns) * wide - 0.5, 0, 1, high);
  }

  drawBreaks(pen) {
    const [wide, high] = this.size;
    const { query, key, colours, total } = this.head;
    pen.fillStyle = colours.line;
    pen.globalAlpha = 0.4;
    for (const at of query.breaks) pen.fillRect(0, Math.round((at / total[0]) * high), wide, 1);
    for (const at of key.breaks) pen.fillRect(Math.round((at / total[1]) * wide), 0, 1, high);
    pen.globalAlpha = 1;
  }

  drawLine(pen, colour, index, along) {
    const [wide, high] = this.size;
    const extent = along ? wide : high;
    const [from, to] = [index, index + 1].map((at) => (at / this.head.total[along]) * extent);
    pen.fillStyle = colour;
    for (const at of [from - 1.5, to]) {
      if (along) pen.fillRect(at, 0, 1.5, high);
      else pen.fillRect(0, at, wide, 1.5);
    }
  }

  drawHovered(pen, [query, key]) {
    const { total, cell } = this.head;
    const [wide, high] = this.size;
    const [row, column] = [query - (query % cell[0]), key - (key % cell[1])];
    const step = [wide / total[1], high / total[0]];
    const box = [column * step[0], row * step[1], cell[1] * step[0], cell[0] * step[1]];
    for (const [line, colour] of [[3, "rgb(0 0 0 / 0.75)"], [1.25, "#fff"]]) {
      [pen.lineWidth, pen.strokeStyle] = [line, colour];
      pen.strokeRect(...box);
    }
    pen.lineWidth = 1;
  }

  // The selection of the page, from another panel or from Python.
  adopt(pick) {
    const { link, query, key } = pick;
    this.misses(pick);
    if (link !== this.head.link || !Number.isInteger(query)) return false;
    const before = String(this.memory.picked);
    this.memory.picked = [query, key];
    return before !== String(this.memory.picked);
  }

  hear(pick) {
    if (this.head?.link && this.adopt(pick)) this.soon("paint");
  }

  reading(map, query, key) {
    const { shape: [rows, columns], cell } = this.head;
    const [row, column] = [Math.floor(query / cell[0]), Math.floor(key / cell[1])];
    return this.values[(map * rows + row) * columns + column];
  }

  weightWords(value, query) {
    if (Number.isNaN(value)) return "masked";
    if (!Number.isFinite(value)) return "no distribution";
    return `${weightSaid(value)} (${times(value, this.parts.uniform[query])})`;
  }

  say() {
    const { query: axis, key: keys, cell, labels, colours } = this.head;
    const [query, key] = this.hovered ?? this.picked;
    const where = [dot(colours.query), `query ${cellName(axis, query)}`];
    if (key !== null) where.push(" → ", dot(colours.key), `key ${cellName(keys, key)}`);
    const many = Math.max(...cell) > 1 ? `mean of ${cell[0]} × ${cell[1]} weights: ` : "weight ";
    const each = key === null ? [] : labels.map((label, map) => {
      const words = this.weightWords(this.reading(map, query, key), query);
      const name = make("b", { textContent: `${label} ` });
      return make("span", { className: "each" }, name, words);
    });
    this.find(".said").replaceChildren(...where, make("br"), key === null ? "" : many, ...each);
    this.canvases.forEach((canvas, map) => this.note(canvas, map, query, key));
  }

  note(canvas, map, query, key) {
    const value = key === null ? "" : this.reading(map, query, key);
    const label = this.head.labels[map];
    Object.assign(canvas.dataset, { query, key: key ?? "", weight: value, label });
    canvas.dataset.size = this.size;
    canvas.dataset.picked = this.picked.map((at) => at ?? "");
    canvas.ariaLabel =
      `Pinned ${label}. Selected: query ${cellName(this.head.query, this.picked[0])}. ` +
      "Arrow keys move query and key in all pinned maps, Delete unpins.";
  }

  drawLegend() {
    const { scale } = this.head;
    const ramp = make("div", { className: "ramp" });
    ramp.style.background = gradient(this.parts.table, "to right");
    const law = `${LAWS[scale.law]}, ${scale.scope}`;
    const ends = [saidEnd(scale.low, scale.law), ramp, `${above(scale)} · ${law}`];
    if (this.head.film) ends.push(" · over the frames: the chosen row");
    this.find(".legend").replaceChildren(...ends);
  }

  at({ offsetX, offsetY }) {
    const [wide, high] = this.size;
    const [rows, columns] = this.head.total;
    const cell = [Math.floor((offsetY / high) * rows), Math.floor((offsetX / wide) * columns)];
    const inside = cell[0] >= 0 && cell[0] < rows && cell[1] >= 0 && cell[1] < columns;
    return inside ? cell : null;
  }

  point(cell) {
    if (String(cell) === String(this.hovered)) return;
    this.hovered = cell;
    this.pointTogether(cell && { query: cell[0], key: cell[1] });
    this.promptly("paint");
  }

  pick(cell) {
    if (!cell || String(cell) === String(this.picked)) return;
    const [query, key] = (this.memory.picked = cell);
    this.soon("paint");
    this.find(".aloud").textContent = `Query ${cellName(this.head.query, query)}`;
    this.pickTogether({ query, key }, { query, key });
  }

  key(event) {
    if (!plain(event)) return;
    const [query, key] = this.picked;
    const [rows, columns] = this.head.total;
    const group = this.head.query.breaks[0] ?? 1;
    const moves = { ...ARROWS, PageUp: [-group, 0], PageDown: [group, 0] };
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      const next = right ? clamp((key ?? -right) + right, 0, columns - 1) : key;
      this.hovered = null;
      this.pick([clamp(query + down, 0, rows - 1), next]);
    } else if (event.key === "Escape") this.pick([query, null]);
    else if (event.key === "Delete" || event.key === "p") {
      this.tell("unpin", { map: this.canvases.indexOf(event.currentTarget) });
    } else return;
    used(event);
  }
}

export default (call) => show(PinnedMaps, call);
