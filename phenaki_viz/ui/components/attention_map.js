const FONT = 11;
const LARGEST_CELL = 44; // CSS pixels a side: a map of few tokens stays small
const BROADEST_CELL = 72; // where cells carry words, and the map has a window to fill
const TALLEST = 580;
const LEAST_CELLS = 4; // as far as zooming goes
const LEGEND = 132;
const ROOM = 300; // pixels of the legend where it lies under the map
const NARROW = 560;
const NULL_GAP = 6;
const STANDS = 600; // milliseconds after which a view is one that the link keeps
const DRAG = 4; // pixels before a press is a pan

class AttentionMap extends LinkedPanel {
  constructor(root) {
    super(root);
    this.base = this.find(".base");
    this.top = this.find(".top");
    this.top.onpointermove = (event) => this.moved(event);
    this.top.onpointerleave = () => this.point(null);
    this.top.onpointerdown = (event) => this.pressed(event);
    this.top.onpointerup = () => this.released();
    this.top.onpointercancel = () => this.released();
    this.top.onclick = (event) => this.clicked(event);
    this.top.ondblclick = () => this.reset();
    this.top.onwheel = (event) => this.wheeled(event);
    this.top.onkeydown = (event) => this.key(event);
    this.addTools();
    this.histogram = new Histogram(this.find(".legend"), this);
  }

  close() {
    super.close();
    this.histogram.close();
    clearTimeout(this.asking);
    clearTimeout(this.telling);
    withdraw(WEIGHTS, this.offering);
  }

  addTools() {
    const button = (textContent, title, onclick) =>
      make("button", { type: "button", textContent, title, ariaLabel: title, onclick });
    this.out = button("−", "Zoom out (−)", () => this.zoom(1 / 1.6));
    this.in = button("+", "Zoom in (+)", () => this.zoom(1.6));
    this.all = button("Whole map", "Whole map (0, Esc or double click)", () => this.reset());
    this.find(".tools").append(this.out, this.in, this.all);
  }

  // New data. The zoom belongs to the size of the map, the coarse picture to its source.
  take() {
    const { total, shape, window, source } = this.head;
    if (String(this.memory.total) !== String(total)) {
      this.memory.view = this.memory.total ? null : this.firstView();
      this.memory.total = total;
    }
    this.scale = this.head.scale;
    const { ranks, values = decoded(this.parts) } = this.parts;
    const cut = cutOf(this.head, this.parts, values);
    const { cell } = this.head;
    this.tile = { window, cell, shape, values, ranks, cut };
    this.colour(this.tile);
    const whole = String(window) === String([0, total[0], 0, total[1]]);
    this.offerWeights(whole && String(cell) === "1,1", values);
    if (whole) this.coarse = { ...this.tile, source };
    else if (!source || this.coarse?.source !== source) this.coarse = null;
    if (this.covers(this.view)) this.asked = null;
    this.sayCut();
    if (this.pushed) this.reveal();
    this.pushed = false;
    this.ask();
  }

  // The part that a link asks for; null where this map has no such part.
  firstView() {
    const { view, total: [rows, columns] } = this.head;
    const [r0, r1, c0, c1] = view ?? [0, 0, 0, 0];
    return r0 >= 0 && r0 < r1 && r1 <= rows && c0 >= 0 && c0 < c1 && c1 <= columns ? view : null;
  }

  // Others on the page may read every weight here without asking Python.
  offerWeights(complete, values) {
    const { weights: of, query, key, total } = this.head;
    if (this.offering !== of || !complete) withdraw(WEIGHTS, this.offering);
    this.offering = of;
    const { uniform } = this.parts;
    if (of && complete) offer(WEIGHTS, { of, values, query, key, total, uniform });
  }

  // A tile as a picture, one dot a value. `measured` is what colours follow.
  colour(tile) {
    const { shape: [rows, columns], values, cut } = tile;
    const { colours } = this.head;
    const ramp = pixels(this.parts.table);
    const away = cut && pixelOf(cut.colour);
    const place = placer(this.scale);
    const measure = measurer(this.scale, this.parts.uniform, tile);
    const [masked, wrong] = [pixelOf(colours.masked), pixelOf(colours.wrong)];
    tile.has = { masked: false, wrong: false };
    tile.measured ??= values.map((value, i) => measure(cut ? cut.shown(i) : value, i));
    tile.picture = imageOf(columns, rows, (dots) => {
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) {
          dots[i] = ramp[Math.round(255 * place(tile.measured[i]))];
          if (cut) dots[i] = mixed(dots[i], away, cut.kept(i));
        } else if (Number.isNaN(values[i])) [dots[i], tile.has.masked] = [masked, true];
        else [dots[i], tile.has.wrong] = [wrong, true];
      }
    });
  }

  // While an end of the colours is moved: this map alone; the others follow when Python answers.
  live([low, high]) {
    this.scale = { ...this.scale, low, high, hand: true, scope: "set by hand" };
    for (const tile of new Set([this.tile, this.coarse])) if (tile) this.colour(tile);
    this.soon("paint");
  }

  settle(ends) {
    this.tell("ends", { ends });
  }

  // ---- what is on view, in full cells: [r0, r1, c0, c1]

  get whole() {
    const [rows, columns] = this.head.total;
    return [0, rows, 0, columns];
  }

  get view() {
    return this.memory.view ?? this.whole;
  }

  get magnification() {
    const [r0, r1] = this.view;
    return this.head.total[0] / (r1 - r0);
  }

  look(r0, c0, rows, columns) {
    const [most, across] = this.head.total;
    const row = clamp(r0, 0, most - rows);
    const column = clamp(c0, 0, across - columns);
    const everything = rows >= most && columns >= across;
    this.memory.view = everything ? null : [row, row + rows, column, column + columns];
    this.soon("paint");
    this.ask();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tellView(), STANDS);
  }

  tellView() {
    const view = this.memory.view?.map((at) => Math.round(100 * at) / 100) ?? null;
    if (this.head.tellsView) this.tell("view", { view });
  }

  reset() {
    this.look(0, 0, ...this.head.total);
  }

  // Zoom so that the cell under `at` (shares of the plot) stays where it is.
  zoom(factor, [down, right] = [0.5, 0.5]) {
    const [r0, r1, c0, c1] = this.view;
    const [rows, columns] = this.head.total;
    const least = Math.max(Math.min(LEAST_CELLS, rows) / rows, Math.min(2, columns) / columns);
    const share = clamp(1 / (this.magnification * factor), least, 1);
    this.look(
      r0 + down * (r1 - r0 - share * rows),
      c0 + right * (c1 - c0 - share * columns),
      share * rows,
      share * columns,
    );
  }

  // The selection of the page, from another panel or from Python.
  adopt(pick) {
    const { link, query, key, also } = pick;
    this.misses(pick);
    if (link !== this.head.link || !Number.isInteger(query)) return false;
    const rows = (also ?? []).map((place) => indexOf(this.head.query, place));
    const before = JSON.stringify([this.memory.picked, this.memory.also]);
    this.memory.picked = [query, key];
    this.memory.also = rows.filter(Number.isInteger);
    return before !== JSON.stringify([this.memory.picked, this.memory.also]);
  }

  hear(pick) {
    const first = !this.memory?.picked; // a link's view stands, wherever its query is
    if (!this.head?.link || !this.adopt(pick)) return;
    if (!first) this.reveal();
    this.soon("paintTop");
  }

  // What another picture points at.
  pointed(point) {
    this.guide = point && point.link === this.head?.link ? point : null;
    if (this.plot) this.soon("paintTop");
  }

  // A pick from outside or by key is brought into view.
  reveal() {
    if (!this.memory.view) return;
    const [r0, r1, c0, c1] = this.view;
    const [query, key] = this.picked;
    const shift = (at, from, to) => (at < from ? at - from : at >= to ? at + 1 - to : 0);
    const right = key === null ? 0 : shift(key, c0, c1);
    this.look(r0 + shift(query, r0, r1), c0 + right, r1 - r0, c1 - c0);
  }

  // ---- finer cells, when the values are coarser than what can be seen

  covers([r0, r1, c0, c1]) {
    const { window: [w0, w1, v0, v1] } = this.tile;
    return w0 <= r0 && r1 <= w1 && v0 <= c0 && c1 <= v1;
  }

  ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.askNow(), 180);
  }

  askNow() {
    if (!this.plot || (this.covers(this.view) && !this.isBlocky())) return;
    const [r0, r1, c0, c1] = this.wanted();
    const wish = JSON.stringify([r0, r1, c0, c1]);
    if (wish === this.asked || wish === JSON.stringify(this.tile.window)) return;
    this.asked = wish;
    this.tell("window", { r0, r1, c0, c1 });
  }

  isBlocky() {
    const [r0, r1] = this.view;
    const pixelsEach = (this.plot.height / (r1 - r0)) * this.tile.cell[0];
    return Math.max(...this.tile.cell) > 1 && this.memory.view && pixelsEach > 2;
  }

  // A little more than the view, so that a short pan needs no answer.
  wanted() {
    const [r0, r1, c0, c1] = this.view;
    const [rows, columns] = this.head.total;
    const [more, wider] = [(r1 - r0) / 8, (c1 - c0) / 8];
    return [
      Math.max(0, Math.floor(r0 - more)),
      Math.min(rows, Math.ceil(r1 + more)),
      Math.max(0, Math.floor(c0 - wider)),
      Math.min(columns, Math.ceil(c1 + wider)),
    ];
  }

  // ---- layout

  draw() {
    this.lay();
    this.paint();
  }

  lay() {
    const { total: [rows, columns], query, key } = this.head;
    const pen = this.base.getContext("2d");
    pen.font = `${FONT}px ${this.theme.font}`;
    const width = (text) => pen.measureText(text).width;
    const sides = [rowNames(query, this.width), columnNames(key, columns, this.width)];
    const names = sides.map((side) => Math.min(90, Math.ceil(Math.max(0, ...side.map(width)))));
    const groups = Math.max(0, ...query.groups.map(width));
    const beside = (groups ? groups + 8 : 0) + (names[0] ? names[0] + 6 : 0) + 5;
    const left = Math.ceil(Math.max(width(`${query.title} ↓`) + 12, beside));
    const room = Math.max(this.width - left - 8 - (this.width < NARROW ? 0 : LEGEND), 80);
    const under = this.width < NARROW ? [".side"] : [];
    const spare = this.left(".cut", ".foot", ".notes", ...under) - 4;
    const plan = (turned) => {
      const over = names[1] ? (turned ? names[1] + 6 : FONT + 4) : 0;
      const top = FONT + 8 + (key.groups.length ? FONT + 6 : 0) + over;
      const tallest = spare > 0 ? Math.max(spare - top, 80) : TALLEST;
      const broadest = spare > 0 && isNamed(key) ? BROADEST_CELL : LARGEST_CELL;
      return { over, top, size: plotSize([rows, columns], room, tallest, broadest) };
    };
    const isTurned = ({ size: [wide] }) => isNamed(key) && names[1] > wide / columns - 2;
    this.turned = isTurned(plan(false));
    const { over, top, size: [wide, high] } = plan(this.turned);
    const [inner, above] = names;
    this.plot = { left, top, width: wide, height: high, inner, over, above };
    this.size = [left + wide + 8, top + high + 4];
    this.panel.style.setProperty("--wide", `${Math.max(this.size[0] + LEGEND, 480)}px`);
    this.panel.style.setProperty("--top", `${top}px`);
  }

  // Null keys stand apart; not where a value stands for null and real keys alike.
  get gap() {
    const [, , c0, c1] = this.view;
    const { nulls } = this.head.key;
    const apart = nulls > c0 && nulls < c1 && this.tile.cell[1] === 1;
    return apart ? NULL_GAP : 0;
  }

  // The left edge of a column; `end` is the right edge of the one before.
  x(column, end = false) {
    const [, , c0, c1] = this.view;
    const { nulls } = this.head.key;
    const { left, width } = this.plot;
    const beyond = end ? column > nulls : column >= nulls;
    return left + ((column - c0) / (c1 - c0)) * (width - this.gap) + (beyond ? this.gap : 0);
  }

  // The other way round: a column and a part of it; null between null and real keys.
  columnAt(x) {
    const [, , c0, c1] = this.view;
    const { left, width } = this.plot;
    const { gap } = this;
    const at = x - left;
    const edge = gap && ((this.head.key.nulls - c0) / (c1 - c0)) * (width - gap);
    if (gap && at >= edge && at < edge + gap) return null;
    return c0 + ((at - (gap && at >= edge ? gap : 0)) / (width - gap)) * (c1 - c0);
  }

  y(row) {
    const [r0, r1] = this.view;
    return this.plot.top + ((row - r0) / (r1 - r0)) * this.plot.height;
  }

  // ---- painting: the base when data or view change, the top when the pointer moves

  paint() {
    const pen = fit(this.base, ...this.size);
    const { left, top, width, height } = this.plot;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    if (this.coarse && !this.covers(this.view)) this.drawTile(pen, this.coarse);
    this.drawTile(pen, this.tile);
    this.drawBreaks(pen);
    this.drawNumbers(pen);
    pen.restore();
    this.drawMargins(pen);
    this.drawLegend();
    this.paintTop();
    this.tools();
    this.top.dataset.ends = [this.scale.low, this.scale.high];
    this.top.dataset.painted = Number(this.top.dataset.painted ?? 0) + 1;
    this.top.dataset.plot = [left, top, width, height];
    this.top.dataset.source = this.head.source;
    this.top.dataset.gap = this.gap;
    this.top.dataset.view = this.view.map((at) => Math.round(1000 * at) / 1000);
  }

  // Only the cells on view, whole ones, so that a deep zoom does not enlarge the rest.
  drawTile(pen, tile) {
    const { nulls } = this.head.key;
    const [, , c0, c1] = this.view;
    if (!this.gap) return this.drawPart(pen, tile, c0, c1);
    this.drawPart(pen, tile, c0, nulls);
    this.drawPart(pen, tile, nulls, c1);
  }

  drawPart(pen, { window: [w0, w1, v0, v1], cell: [tall, broad], picture }, c0, c1) {
    const [r0, r1] = this.view;
    const rows = [Math.max(w0, r0), Math.min(w1, r1)].map((at) => (at - w0) / tall);
    const columns = [Math.max(v0, c0), Math.min(v1, c1)].map((at) => (at - v0) / broad);
    const [row, column] = [Math.floor(rows[0]), Math.floor(columns[0])];
    const [down, right] = [Math.ceil(rows[1]) - row, Math.ceil(columns[1]) - column];
    if (down <= 0 || right <= 0) return;
    const [x, y] = [this.x(v0 + column * broad), this.y(w0 + row * tall)];
    const size = [
      this.x(v0 + (column + right) * broad, true) - x,
      this.y(w0 + (row + down) * tall) - y,
    ];
    copy(pen, picture, [column, row, right, down], [x, y, ...size]);
  }

  drawBreaks(pen) {
    const { query, key, colours, total } = this.head;
    const { left, top, width, height } = this.plot;
    const dense = (axis, along, count) => (along * (count / axis.breaks.length)) / count < 7;
    pen.fillStyle = colours.line;
    pen.globalAlpha = 0.4;
    if (!dense(query, height, total[0])) {
      for (const at of query.breaks) pen.fillRect(left, Math.round(this.y(at)), width, 1);
    }
    if (!dense(key, width, total[1])) {
      const inside = key.breaks.filter((at) => at !== key.nulls || !this.gap);
      for (const at of inside) pen.fillRect(Math.round(this.x(at)), top, 1, height);
    }
    pen.globalAlpha = 1;
  }

  // Cells that are large enough hold their own number.
  drawNumbers(pen) {
    const [r0, r1, c0, c1] = this.view;
    const { width, height } = this.plot;
    const [wide, high] = [width / (c1 - c0), height / (r1 - r0)];
    if (wide < 54 || high < 20 || Math.max(...this.tile.cell) > 1) return;
    pen.font = `${FONT}px ${this.theme.font}`;
    [pen.textAlign, pen.textBaseline] = ["center", "middle"];
    for (let row = Math.floor(r0); row < r1; row++) {
      for (let column = Math.floor(c0); column < c1; column++) this.drawNumber(pen, row, column);
    }
  }

  drawNumber(pen, row, column) {
    const { value, tile, index } = this.reading(row, column) ?? {};
    if (!Number.isFinite(value)) return;
    const { cut } = tile;
    const at = 3 * Math.round(255 * placer(this.scale)(tile.measured[index]));
    const [red, green, blue] = this.parts.table.subarray(at, at + 3);
    const bright = 0.3 * red + 0.59 * green + 0.11 * blue > 140 && !(cut && cut.kept(index) < 1);
    pen.fillStyle = bright ? "#000" : "#fff";
    pen.fillText(spoken(value, 3), this.x(column + 0.5), this.y(row + 0.5));
  }

  drawMargins(pen) {
    const { query, key } = this.head;
    const { left, top, width, height, inner, over } = this.plot;
    pen.fillStyle = this.theme.text;
    pen.strokeStyle = this.theme.text;
    pen.globalAlpha = 0.3;
    pen.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
    pen.globalAlpha = 1;
    pen.font = `600 ${FONT}px ${this.theme.font}`;
    pen.textBaseline = "alphabetic";
    pen.textAlign = "left";
    const down = over && !this.columnsAreNamed ? over : 0; // close up where names are not drawn
    pen.fillText(`${key.title} →`, left, FONT + 1 + down);
    pen.fillText(`${query.title} ↓`, 0, FONT + 1 + down);
    pen.font = `${FONT}px ${this.theme.font}`;
    this.drawColumnGroups(pen, top - 7 - over + down);
    this.drawRowGroups(pen, left - 11 - (inner && this.rowsAreNamed ? inner + 6 : 0));
    if (inner && this.rowsAreNamed) this.drawRowNames(pen);
    if (over && this.columnsAreNamed) this.drawColumnNames(pen);
  }

  drawColumnGroups(pen, y) {
    const { left, width, over } = this.plot;
    const taken = [];
    pen.textAlign = "center";
    for (const [name, from, to] of spans(this.head.key, this.head.total[1])) {
      const [a, b] = [Math.max(this.x(from), left), Math.min(this.x(to, true), left + width)];
      if (b - a < 0.5) continue;
      const text = firstFree(pen, name, (a + b) / 2, left + width + 8, taken);
      if (text) pen.fillText(text, (a + b) / 2, y);
      if (over && this.columnsAreNamed && b - a > 4) pen.fillRect(a + 2, y + 4, b - a - 4, 0.5);
    }
  }

  drawRowGroups(pen, x) {
    const { top, height } = this.plot;
    let free = top;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const [name, from, to] of spans(this.head.query, this.head.total[0])) {
      const [a, b] = [Math.max(this.y(from), top), Math.min(this.y(to), top + height)];
      const middle = (a + b) / 2;
      if (b - a < 0.5 || middle - FONT / 2 < free - FONT) continue;
      pen.fillText(name, x, middle);
      free = middle + FONT;
    }
  }

  // Only where a row is as high as its name.
  get rowsAreNamed() {
    const [r0, r1] = this.view;
    return this.plot.height / (r1 - r0) > FONT;
  }

  drawRowNames(pen) {
    const { left, inner } = this.plot;
    const [r0, r1] = this.view;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (let at = Math.ceil(r0 - 0.5); at + 0.5 < r1; at++) {
      const text = shorten(pen, shortName(this.head.query, at), inner);
      pen.fillText(text, left - 11, this.y(at + 0.5));
    }
  }

  // Only where a column is as wide as its name, or as its letters are high.
  get columnsAreNamed() {
    const [, , c0, c1] = this.view;
    const apart = isNamed(this.head.key) ? 2 : 9;
    const least = this.turned ? FONT : this.plot.above + apart;
    return this.plot.width / (c1 - c0) >= least;
  }

  drawColumnNames(pen) {
    const { top, over, width } = this.plot;
    const [, , c0, c1] = this.view;
    const room = width / (c1 - c0);
    pen.textBaseline = "middle";
    for (let at = Math.ceil(c0 - 0.5); at + 0.5 < c1; at++) {
      pen.save();
      pen.translate(this.x(at + 0.5), top - 6);
      const text = shorten(pen, shortName(this.head.key, at), this.turned ? over : room);
      pen.textAlign = this.turned ? "left" : "center";
      if (this.turned) pen.rotate(-Math.PI / 2);
      pen.fillText(text, 0, this.turned ? 0 : -FONT / 2);
      pen.restore();
    }
  }

  paintTop() {
    const pen = fit(this.top, ...this.size);
    const { left, top, width, height } = this.plot;
    const { colours } = this.head;
    const [query, key] = this.picked;
    pen.save();
    pen.beginPath();
    pen.rect(left - 8, top - 8, width + 12, height + 12);
    pen.clip();
    for (const row of this.memory.also ?? []) this.drawMark(pen, colours.query, this.y(row + 0.5));
    this.drawGuides(pen);
    this.drawLines(pen, colours.query, [this.y(query), this.y(query + 1)], true);
    if (key !== null) this.drawLines(pen, colours.key, [this.x(key), this.x(key + 1, true)], false);
    if (this.hovered) this.drawHovered(pen);
    pen.restore();
    this.say();
  }

  // Two lines beside the row or column, so that its own cells stay to be seen, and a mark.
  drawLines(pen, colour, [a, b], across) {
    const { left, top, width, height } = this.plot;
    const [start, end] = across ? [top, top + height] : [left, left + width];
    if (b < start || a > end) return;
    const edges = [[a - 1.5, 1.5], [b, 1.5]];
    pen.fillStyle = colour;
    for (const [at, thick] of edges) {
      if (across) pen.fillRect(left, at, width, thick);
      else pen.fillRect(at, top, thick, height);
    }
    const middle = (a + b) / 2;
    const corner = across ? [left - 1, middle] : [middle, top - 1];
    const [sx, sy] = across ? [-5, 4] : [4, -5];
    pen.beginPath();
    pen.moveTo(...corner);
    pen.lineTo(corner[0] + sx, corner[1] + sy);
    pen.lineTo(corner[0] + (across ? sx : -sx), corner[1] + (across ? -sy : sy));
    pen.fill();
  }

  // A patch that was chosen with the query: its row, at the margin.
  drawMark(pen, colour, y) {
    const { left, top, height } = this.plot;
    if (y < top || y > top + height) return;
    pen.fillStyle = colour;
    pen.fillRect(left - 6, y - 1, 6, 2);
  }

  // Thin lines: what is pointed at in another picture.
  drawGuides(pen) {
    const { left, top, width, height } = this.plot;
    const { query, key } = this.guide ?? {};
    pen.globalAlpha = 0.9;
    pen.fillStyle = this.head.colours.query;
    if (Number.isInteger(query)) pen.fillRect(left, this.y(query + 0.5) - 0.5, width, 1);
    pen.fillStyle = this.head.colours.key;
    if (Number.isInteger(key)) pen.fillRect(this.x(key + 0.5) - 0.5, top, 1, height);
    pen.globalAlpha = 1;
  }

  drawHovered(pen) {
    const cells = this.reading(...this.hovered);
    if (!cells) return;
    const { rows: [r0, r1], columns: [c0, c1] } = cells;
    const box = [this.x(c0), this.y(r0), this.x(c1, true) - this.x(c0), this.y(r1) - this.y(r0)];
    pen.lineWidth = 3;
    pen.strokeStyle = "rgb(0 0 0 / 0.75)";
    pen.strokeRect(...box);
    pen.lineWidth = 1.25;
    pen.strokeStyle = "#fff";
    pen.strokeRect(...box);
    pen.lineWidth = 1;
  }

  // ---- numbers in words

  get picked() {
    const [query, key] = this.memory.picked ?? [0, null]; // until the selection is here
    const [rows, columns] = this.head.total;
    const inside = key === null || key === undefined ? null : clamp(key, 0, columns - 1);
    return [clamp(query, 0, rows - 1), inside];
  }

  // The raw value at a cell of the total map and the cells it stands for; null when not here.
  reading(query, key) {
    for (const tile of [this.tile, this.coarse]) {
      if (!tile) continue;
      const { window: [r0, r1, c0, c1], cell: [tall, broad], shape, values } = tile;
      if (query < r0 || query >= r1 || key < c0 || key >= c1) continue;
      const [row, column] = [Math.floor((query - r0) / tall), Math.floor((key - c0) / broad)];
      const [top, left] = [r0 + row * tall, c0 + column * broad];
      const index = row * shape[1] + column;
      return {
        value: values[index],
        tile,
        index,
        rows: [top, Math.min(r1, top + tall)],
        columns: [left, Math.min(c1, left + broad)],
      };
    }
    return null;
  }

  words(query, key) {
    const names = [cellName(this.head.query, query), cellName(this.head.key, key)];
    const found = this.reading(query, key);
    return [`query ${names[0]}`, `key ${names[1]}`, found ? this.weightWords(found) : "loading"];
  }

  weightWords({ value, tile, index, rows: [r0, r1], columns: [c0, c1] }) {
    const { unit, reduce } = this.head;
    const many = r1 - r0 > 1 || c1 - c0 > 1;
    const cells = many ? `${reduce} of ${r1 - r0} × ${c1 - c0} cells ` : "";
    if (Number.isNaN(value)) return `masked: this query may not read ${many ? "them" : "it"}`;
    if (!Number.isFinite(value)) return "this row is not a distribution: no weight to show";
    const multiple = this.uniform(r0, r1);
    const ratio = multiple && reduce !== "sum" ? ` · ${times(value, multiple)}` : "";
    const keys = this.head.total[1];
    const rank = unit === "weight" ? ` · ${rankWords(rankOf(tile, keys, index), keys)}` : "";
    return `${cells}${unit} ${weightSaid(value)}${ratio}${rank}${cutWords(tile.cut, index)}`;
  }

  uniform(r0, r1) {
    const rows = this.parts.uniform?.subarray(r0, r1);
    return rows && rows.reduce((sum, one) => sum + one, 0) / rows.length;
  }

  say() {
    const [query, key] = this.hovered ?? this.picked;
    const { query: axis } = this.head;
    const words = key === null ? [`query ${cellName(axis, query)}`] : this.words(query, key);
    this.said.replaceChildren(...this.spans(words, key));
    this.top.ariaLabel = `Attention map. ${this.saidOfPick()}. Arrow keys move query and key.`;
    this.note();
  }

  get said() {
    return this.find(".said");
  }

  spans([query, key, weight], picked) {
    const { colours } = this.head;
    const first = [dot(colours.query), query];
    if (picked === null) {
      const hint = "point at a cell to read it, click to pick it";
      return [...first, make("span", { className: "hint", textContent: ` · ${hint}` })];
    }
    const said = make("b", { textContent: weight });
    return [...first, " → ", dot(colours.key), key, make("br"), said];
  }

  saidOfPick() {
    const [query, key] = this.picked;
    if (key === null) return `Selected: query ${cellName(this.head.query, query)}`;
    return `Selected: ${this.words(query, key).join(", ")}`;
  }

  // For tests and other tools: the cell under the pointer, or the pick, in full precision.
  note() {
    const [query, key] = this.hovered ?? this.picked;
    const found = key === null ? null : this.reading(query, key);
    const { dataset } = this.top;
    Object.assign(dataset, { query, key: key ?? "", weight: found ? String(found.value) : "" });
    dataset.rank = (found && rankOf(found.tile, this.head.total[1], found.index)) ?? "";
    const cut = found?.tile.cut;
    dataset.shown = cut ? [cut.shown(found.index), cut.kept(found.index)] : "";
    dataset.picked = this.picked.map((at) => at ?? "");
    dataset.also = this.memory.also ?? "";
    dataset.guide = this.guide ? [this.guide.query ?? "", this.guide.key ?? ""] : "";
  }

  tools() {
    const zoomed = this.magnification;
    this.top.classList.toggle("zoomed", zoomed > 1);
    this.out.disabled = this.all.disabled = !this.memory.view;
    const now = this.memory.view ? ` (now ${spoken(zoomed, 2)} ×)` : "";
    this.all.textContent = `Whole map${now}`;
  }

  sayCut() {
    const box = this.find(".cut");
    const lines = this.head.cut?.said ?? [];
    box.hidden = !lines.length;
    box.replaceChildren(...lines.map((textContent) => make("div", { textContent })));
  }

  drawLegend() {
    const { colours, cut, tellsEnds } = this.head;
    const flat = this.width < NARROW;
    const flags = [["masked", "masked"], ["wrong", "not a distribution"]]
      .filter(([name]) => this.tile.has[name] || this.coarse?.has[name])
      .map(([name, text]) => swatch(colours[name], text));
    if (cut) flags.push(swatch(cut.colour, "left out"));
    this.histogram.draw({
      scale: this.scale,
      values: this.tile.measured,
      table: this.parts.table,
      length: flat ? Math.min(ROOM, this.plot.width) : clamp(this.plot.height - 88, 80, 240),
      flat,
      fixed: !tellsEnds,
      names: this.scale.names?.map(([colour, name]) => swatch(colour, name)),
      flags,
    });
  }

  // ---- what the user does

  at({ offsetX, offsetY }) {
    const { left, top, width, height } = this.plot;
    const [down, right] = [(offsetY - top) / height, (offsetX - left) / width];
    if (down < 0 || down >= 1 || right < 0 || right >= 1) return null;
    const [r0, r1] = this.view;
    const column = this.columnAt(offsetX);
    return column === null ? null : [Math.floor(r0 + down * (r1 - r0)), Math.floor(column)];
  }

  point(cell) {
    if (!this.plot || String(cell) === String(this.hovered)) return;
    this.hovered = cell;
    this.pointTogether(cell && { query: cell[0], key: cell[1] });
    this.promptly("paintTop");
  }

  moved(event) {
    if (this.press && this.memory.view) this.pan(event);
    if (!this.press?.panning) this.point(this.at(event));
  }

  pressed(event) {
    if (event.button !== 0) return;
    this.press = { x: event.offsetX, y: event.offsetY, view: this.view, id: event.pointerId };
  }

  pan(event) {
    const { x, y, view: [r0, r1, c0, c1], id } = this.press;
    const [dx, dy] = [event.offsetX - x, event.offsetY - y];
    if (!this.press.panning && Math.hypot(dx, dy) < DRAG) return;
    if (!this.press.panning) this.top.setPointerCapture(id);
    this.press.panning = true;
    this.top.classList.add("panning");
    this.hovered = null;
    const { width, height } = this.plot;
    const shift = [(dy / height) * (r1 - r0), (dx / width) * (c1 - c0)];
    this.look(r0 - shift[0], c0 - shift[1], r1 - r0, c1 - c0);
  }

  released() {
    this.dragged = this.press?.panning;
    this.press = null;
    this.top.classList.remove("panning");
  }

  clicked(event) {
    const cell = this.at(event);
    if (cell && !this.dragged) this.pick(...cell);
    this.dragged = false;
  }

  // The wheel scrolls the page until the map has been clicked or tabbed to (or with Ctrl).
  wheeled(event) {
    const held = this.top.matches(":focus") || event.ctrlKey || event.metaKey;
    const { left, top, width, height } = this.plot;
    const at = [(event.offsetY - top) / height, (event.offsetX - left) / width];
    const outside = at.some((share) => share < 0 || share > 1);
    if (!held || outside || (event.deltaY > 0 && !this.memory.view)) return;
    used(event);
    this.zoom(Math.exp(-event.deltaY * 0.0016), at);
    this.point(this.at(event));
  }

  pick(query, key) {
    if (String([query, key]) === String(this.picked)) return;
    this.memory.picked = [query, key];
    this.memory.also = [];
    this.reveal();
    this.soon("paintTop");
    this.find(".aloud").textContent = this.saidOfPick();
    this.pickTogether({ query, key }, { query, key });
  }

  key(event) {
    if (!plain(event)) return;
    const act = this.keys()[event.key];
    if (!act) return;
    used(event);
    this.hovered = null;
    act();
  }

  keys() {
    const [query, key] = this.picked;
    const letGo = () => (this.memory.view ? this.reset() : this.pick(query, null));
    const arrows = Object.entries(ARROWS).map(([name, step]) => [name, () => this.walk(...step)]);
    return {
      ...Object.fromEntries(arrows),
      PageUp: () => this.walkGroup(-1),
      PageDown: () => this.walkGroup(1),
      "+": () => this.zoom(1.6, this.share()),
      "=": () => this.zoom(1.6, this.share()),
      "-": () => this.zoom(1 / 1.6, this.share()),
      0: () => this.reset(),
      Escape: letGo,
    };
  }

  // Where the pick stands in the plot: zooming by key keeps it there.
  share() {
    const [query, key] = this.picked;
    const [r0, r1, c0, c1] = this.view;
    const column = key === null ? (c0 + c1) / 2 : key + 0.5;
    return [(query + 0.5 - r0) / (r1 - r0), (column - c0) / (c1 - c0)].map((at) => clamp(at, 0, 1));
  }

  walk(down, right) {
    const [query, key] = this.picked;
    const [rows, columns] = this.head.total;
    const next = right ? clamp((key ?? -right) + right, 0, columns - 1) : key;
    this.pick(clamp(query + down, 0, rows - 1), next);
  }

  // One time step up or down: the same patch when both steps are whole.
  walkGroup(by) {
    const { query: axis, total: [rows] } = this.head;
    const [query, key] = this.picked;
    const [, high, wide] = axis.grid ?? [0, 1, 8];
    const next = query + by * high * wide;
    if (next >= 0 && next < rows) this.pick(next, key);
  }
}

// Square maps are square; narrow ones get broader cells, within reason.
function plotSize([rows, columns], room, tallest, broadest) {
  const high = Math.min(tallest, LARGEST_CELL * rows);
  const wide = Math.min(room, broadest * columns, tallest * 1.6);
  if (rows === columns) return [Math.min(high, wide), Math.min(high, wide)];
  const ratio = rows / columns;
  if (ratio > 1) return [wide, Math.min(high, Math.max(wide, 240), ratio * wide)];
  return [wide, Math.min(high, Math.max(120, ratio * wide))];
}

// Cells have names of their own in the margin where they can be told apart: words, time steps,
// and rows of few cells.
const runsOnce = ({ grid }) => grid && grid.filter((size) => size > 1).length <= 1;

function shortName(axis, index) {
  if (index < axis.nulls) return `null ${index + 1}`;
  if (axis.words) return axis.words[index - axis.nulls];
  const place = placeOf(axis, index);
  if (!place) return String(index - axis.nulls);
  const along = axis.grid.findIndex((size) => size > 1);
  const which = Math.max(along, 0);
  if (!runsOnce(axis)) return `${place[1]}, ${place[2]}`;
  return `${["time", "row", "column"][which]} ${place[which]}`;
}

const count = (axis) => axis.nulls + (axis.words?.length ?? axis.grid.reduce((a, b) => a * b));

const isNamed = (axis) => Boolean(axis.words) || runsOnce(axis);

const namesOf = (axis) => Array.from({ length: count(axis) }, (_, at) => shortName(axis, at));

function rowNames(axis, width) {
  if (!axis.words && !axis.grid) return [];
  return isNamed(axis) || width >= NARROW ? namesOf(axis) : [];
}

// Names over the columns take height: only where columns are few enough to be read, or can be
// zoomed to.
function columnNames(axis, columns, width) {
  if (!axis.words && !axis.grid) return [];
  return isNamed(axis) ? (columns <= 64 ? namesOf(axis) : []) : rowNames(axis, width);
}

function spans({ breaks, groups }, cells) {
  const edges = [0, ...breaks, cells];
  return groups.map((name, at) => [name, edges[at], edges[at + 1]]);
}

// The name, or its last word ("time 3" -> "3"), whichever fits between what stands already.
function firstFree(pen, name, middle, end, taken) {
  for (const text of [name, name.split(" ").at(-1)]) {
    const half = pen.measureText(text).width / 2 + 2;
    const [from, to] = [middle - half, middle + half];
    if (to <= end && !taken.some(([a, b]) => from < b && to > a)) {
      taken.push([from, to]);
      return text;
    }
  }
  return "";
}

function shorten(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept && pen.measureText(`${kept}…`).width > room) kept = kept.slice(0, -1);
  return kept && `${kept}…`;
}

export default (call) => show(AttentionMap, call);
