// What the components share; it stands before each component's own script in one module.

const TYPES = { float32: Float32Array, uint16: Uint16Array, uint8: Uint8Array };

// The other end of packing.py: one buffer -> { head, parts }.
function unpack(data) {
  const { buffer } = data.slice(); // the bytes may start anywhere: floats need a boundary of 4
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const parts = {};
  let at = 4 + length;
  for (const [name, type, count] of head.parts) {
    parts[name] = new TYPES[type](buffer, at, count);
    at += 4 * Math.ceil(parts[name].byteLength / 4);
  }
  return { head, parts };
}

// Streamlit calls the module anew at every change of the data or the theme. What belongs to one
// place on the page hangs on its root; what outlives that place (a page turned and turned back)
// is kept by key: the zoom, the opacity, the pick.
const panels = new WeakMap();
const memories = new Map();

function show(Kind, { data, parentElement: root, setStateValue }) {
  if (!panels.has(root)) panels.set(root, new Kind(root));
  const panel = panels.get(root);
  panel.send = setStateValue;
  panel.accept(unpack(data));
  // Streamlit also calls this for a call that newer data overtook: then the panel still stands.
  return () => {
    if (root.isConnected) return;
    panel.close();
    panels.delete(root);
  };
}

// One mounted component: `draw(what)` follows new data, a new width, a new theme.
class Panel {
  constructor(root) {
    this.panel = root.querySelector(".panel");
    this.width = 0;
    this.due = new Set();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.panel);
    this.watchDots();
  }

  // The height in CSS pixels that the page has for this picture (`--pv-tall`); 0 for any.
  get tall() {
    if (!this.probe) {
      this.probe = make("i", { className: "probe", ariaHidden: "true" });
      this.panel.prepend(this.probe);
      this.observer.observe(this.probe);
    }
    return this.probe.clientHeight;
  }

  // What of that height the named parts of the panel leave.
  left(...selectors) {
    const taken = selectors.map((selector) => this.find(selector)?.offsetHeight ?? 0);
    return this.tall && this.tall - taken.reduce((sum, one) => sum + one, 0);
  }

  // Zooming the browser, or moving its window to another screen, changes the dots of a pixel.
  watchDots() {
    this.dots = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    this.dots.onchange = () => {
      this.watchDots();
      if (this.head) this.draw();
    };
  }

  find(selector) {
    return this.panel.querySelector(selector);
  }

  accept({ head, parts }) {
    if (!memories.has(head.id)) memories.set(head.id, {});
    this.memory = memories.get(head.id);
    this.head = head;
    this.parts = parts;
    this.heed(head.push);
    this.theme = themeOf(this.panel);
    this.width = this.panel.clientWidth;
    const started = performance.now();
    this.caption(head.notes ?? []); // first: a picture that has to fit leaves room for it
    this.take();
    this.draw();
    this.declare();
    this.panel.dataset.milliseconds = performance.now() - started; // for benchmarks
  }

  // Python's word on the selection counts, unless something newer was picked here.
  heed(push) {
    this.pushed = this.heeds(push, "pick", "picked") || this.pushed;
  }

  // The same for what is told by any other event; whether it was news.
  heeds(push, event, name) {
    const { sent } = this.memory;
    const heard = (this.memory.heard ??= {});
    if (push.rev === heard[event] || push.seen < (sent?.[event] ?? 0)) return false;
    heard[event] = push.rev;
    this.memory[name] = push.value;
    return true;
  }

  // The number makes every pick an event of its own, even of the same cell.
  tell(name, what) {
    const sent = (this.memory.sent ??= {});
    sent[name] = Math.max(Date.now(), (sent[name] ?? 0) + 1);
    this.send(name, { ...what, seq: sent[name] });
  }

  resized() {
    const width = this.panel.clientWidth;
    const tall = this.probe?.clientHeight;
    if (!this.head || !width || (width === this.width && tall === this.drawnTall)) return;
    [this.width, this.drawnTall] = [width, tall];
    this.draw();
    this.declare();
  }

  // Lines under the picture: they change with it.
  caption(lines) {
    if (!lines.length && !this.lines) return;
    this.lines ??= this.panel.appendChild(make("div", { className: "notes" }));
    const title = lines.join("\n"); // all of it, where there is room for one line only
    this.lines.replaceChildren(...lines.map((textContent) => make("p", { textContent, title })));
  }

  // What is painted now, for the texts that speak of it.
  declare() {
    const { id, shows } = this.head;
    if (!shows || !this.width) return;
    this.shows = this.panel.dataset.shows = shows;
    painted(id, this);
  }

  // Dimmed while it is older than what is said of it, or than what is picked.
  age(old = this.old) {
    this.old = Boolean(old);
    dim(this.panel, this.old || Boolean(this.late));
  }

  // In the next frame: methods by name, each once however often it is asked for.
  soon(method) {
    this.due.add(method);
    this.nextFrame ??= requestAnimationFrame(() => this.flush());
  }

  // At once, for what the pointer reads; once more only in the next frame.
  promptly(method) {
    if (this.nextFrame) {
      this.soon(method);
      return;
    }
    this.nextFrame = requestAnimationFrame(() => this.flush());
    this[method]();
  }

  flush() {
    const due = [...this.due];
    this.due.clear();
    this.nextFrame = null;
    for (const method of due) this[method]();
  }

  close() {
    if (this.head) gone(this.head.id, this);
    this.observer.disconnect();
    this.dots.onchange = null;
    cancelAnimationFrame(this.nextFrame);
  }

  take() {}
  draw() {}
}

const COLOURS = { text: "--st-text-color", page: "--st-background-color", font: "--st-font" };

function themeOf(element) {
  const style = getComputedStyle(element);
  const read = ([name, variable]) => [name, style.getPropertyValue(variable).trim()];
  const theme = Object.fromEntries(Object.entries(COLOURS).map(read));
  return { ...theme, font: theme.font || "sans-serif", text: theme.text || "#888" };
}

function make(tag, settings = {}, ...children) {
  const element = Object.assign(document.createElement(tag), settings);
  element.append(...children);
  return element;
}

function dot(colour) {
  const element = make("span", { className: "dot" });
  element.style.background = colour;
  return element;
}

const swatch = (colour, text) => make("span", { className: "swatch" }, dot(colour), text);

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// A canvas of `width` × `height` CSS pixels with as many dots as the screen has.
function fit(canvas, width, height) {
  const dots = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * dots), Math.round(height * dots)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = canvas.getContext("2d");
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

// '#rrggbb' or three bytes -> one pixel as ImageData holds it (little-endian machines).
const pixel = (red, green, blue, alpha = 255) =>
  ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

function pixelOf(colour) {
  const number = parseInt(colour.slice(1), 16);
  return pixel(number >> 16, (number >> 8) & 255, number & 255);
}

// A table of 256 × 3 bytes -> 256 pixels; alpha(i) in 0..1.
function pixels(table, alpha = () => 1) {
  const found = new Uint32Array(table.length / 3);
  for (let i = 0; i < found.length; i++) {
    const [red, green, blue] = table.subarray(3 * i, 3 * i + 3);
    found[i] = pixel(red, green, blue, Math.round(255 * alpha(i / 255)));
  }
  return found;
}

const LOGARITHMIC = new Set(["log", "uniform"]);

// What colours follow: weights, or their multiples of uniform, which is one number a query.
// Of values in rows of cells; (value, index) -> number.
function measurer({ law }, uniform, { window: [r0], cell: [tall], shape: [rows, columns] }) {
  if (law !== "uniform" || !uniform) return (value) => value;
  const each = Float32Array.from({ length: rows }, (_, row) => {
    const own = uniform.subarray(r0 + row * tall, Math.min(r0 + (row + 1) * tall, uniform.length));
    return meanOf(own.filter(Number.isFinite)) || 1;
  });
  return (value, i) => value / each[Math.floor(i / columns) % rows];
}

const meanOf = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

// Raw number -> 0..1: ColourScale.unit of figures/colour.py.
function placer({ low, high, law }) {
  const linear = (value) => clamp((value - low) / (high - low || 1), 0, 1);
  if (law === "sqrt") return (value) => Math.sqrt(linear(value));
  if (!LOGARITHMIC.has(law)) return linear;
  const [from, to] = [Math.log10(low), Math.log10(high)];
  return (value) => clamp((Math.log10(Math.max(value, low)) - from) / (to - from || 1), 0, 1);
}

function imageOf(width, height, fill) {
  const image = new ImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Copy `from` [x, y, width, height] of a picture onto `to`, every cell as wide as its neighbour.
// Enlarging by a broken factor makes uneven cells; so enlarge to the next whole factor, then
// shrink smoothly.
function copy(pen, picture, from, to) {
  const dots = devicePixelRatio || 1;
  const factor = Math.max(to[2] / from[2], to[3] / from[3]) * dots;
  const whole = Math.abs(factor - Math.round(factor)) < 1e-3 || factor > 8;
  pen.imageSmoothingQuality = "high";
  if (factor < 1 || whole) {
    pen.imageSmoothingEnabled = factor < 1;
    pen.drawImage(picture, ...from, ...to);
    return;
  }
  const size = [Math.ceil(factor * from[2]), Math.ceil(factor * from[3])];
  const [w, h] = [from[2] * Math.ceil(factor), from[3] * Math.ceil(factor)].map(Math.round);
  const large = new OffscreenCanvas(Math.max(w, size[0]), Math.max(h, size[1]));
  const enlarge = large.getContext("2d");
  enlarge.imageSmoothingEnabled = false;
  enlarge.drawImage(picture, ...from, 0, 0, w, h);
  pen.imageSmoothingEnabled = true;
  pen.drawImage(large, 0, 0, w, h, ...to);
}

// A patch's box, bright on dark, so that it shows on every frame. grid: 't h w'.
function outlinePatch(pen, [, h, w], { frame, grid: [, rows, columns] }, colour, line) {
  const [wide, high] = [frame[0] / columns, frame[1] / rows];
  const inset = line / 2;
  const box = [w * wide + inset, h * high + inset, wide - line, high - line];
  for (const [width, stroke] of [[line + 2, "rgb(0 0 0 / 0.6)"], [line, colour]]) {
    [pen.lineWidth, pen.strokeStyle] = [width, stroke];
    pen.strokeRect(...box);
  }
}

// A number as one reads it: digits enough to tell weights apart, a real minus.
function spoken(value, digits = 4) {
  if (Math.abs(value) >= 10 ** digits && Math.abs(value) < 1e7) {
    return String(Math.round(value)).replaceAll("-", "−");
  }
  const small = value !== 0 && Math.abs(value) < 1e-4;
  const [mantissa, exponent] = value[small ? "toExponential" : "toPrecision"](
    small ? digits - 1 : digits,
  ).split("e");
  return (Number(mantissa) + (exponent ? `e${Number(exponent)}` : "")).replaceAll("-", "−");
}

// A weight, by the digits that came across: see weight_codes.py.
const weightSaid = (value) => spoken(value, Math.abs(value) < 1e-4 ? 3 : 4);

const times = (value, uniform) => `${spoken(value / uniform, 2)}\u00a0×\u00a0uniform`;

const placeName = (t, h, w) => `time ${t}, row ${h}, column ${w}`;

// Where a cell of an axis lies; null for null keys, words and plain tokens.
function placeOf(axis, index) {
  const at = index - axis.nulls;
  if (at < 0 || axis.words || !axis.grid) return null;
  const [, rows, columns] = axis.grid;
  const place = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
  return place.map((value, along) => value + axis.origin[along]);
}

// MapAxis.name of axes.py.
function cellName(axis, index) {
  if (index < axis.nulls) return `null ${index + 1}`;
  const place = placeOf(axis, index);
  const at = index - axis.nulls;
  return place ? placeName(...place) : (axis.words?.[at] ?? `token ${at}`);
}

// A colour bar as CSS: sixteen stops of the table are as good as 256.
function gradient(table, direction, alpha = () => 1) {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = Math.min(255, 16 * i);
    return `rgb(${table.subarray(3 * at, 3 * at + 3).join(" ")} / ${alpha(at / 255)})`;
  });
  return `linear-gradient(${direction}, ${stops.join(", ")})`;
}

function middle({ low, high, law }) {
  if (LOGARITHMIC.has(law)) return Math.sqrt(low * high);
  return low + (high - low) * (law === "sqrt" ? 0.25 : 0.5);
}

// What a legend says of a scale: its law, and that its last colour stands for more than one value.
const LAWS = {
  linear: "linear",
  sqrt: "square root",
  log: "logarithmic",
  uniform: "multiples of uniform, logarithmic",
};
const saidEnd = (value, law) => `${spoken(value, 3)}${law === "uniform" ? "\u00a0×" : ""}`;
const above = (scale) => `${saidEnd(scale.high, scale.law)}${scale.above ? " and above" : ""}`;

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// A key that was used here goes no further: the page does not scroll, nobody else answers.
function used(event) {
  event.preventDefault();
  event.stopPropagation();
}

const plain = (event) => !(event.ctrlKey || event.metaKey || event.altKey);

// Whether a letter belongs to a field that is written in.
function isTyping(event) {
  const [target] = event.composedPath();
  const { type } = target;
  const typed = target.tagName === "INPUT" && !/^(range|checkbox|radio|button)$/.test(type);
  return target.isContentEditable || typed || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}


// What stands under the frames of a time step.
function captionOf(t, frames) {
  const [first, last] = [frames[0], frames.at(-1)];
  const which = first === last ? `frame ${first}` : `frames ${first}–${last}`;
  return `time ${t} · ${which}`;
}

// Frame number `at` of bytes 'f H W c' as a picture; c is 1 (grey) or 3.
function frameOf(bytes, at, [height, width, channels]) {
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  return imageOf(width, height, (dots) => {
    for (let i = 0, from = at * dots.length * channels; i < dots.length; i++, from += channels) {
      dots[i] = pixel(bytes[from], bytes[from + green], bytes[from + blue]);
    }
  });
}
