// One mounted component, and how a host mounts it.
/** @import { Call, Message } from "../types.js" */
/** @import { Theme } from "./elements.js" */
import { unpack } from "../numbers/message.js";
import { dim, gone, painted } from "./agreement.js";
import { element, themeOf } from "./elements.js";
import { memoryOf } from "./page.js";
import { renew } from "./renewing.js";

/** What belongs to one place on the page hangs on its root. @type {WeakMap<Node, any>} */
const mounted = new WeakMap();

/**
 * Called anew by the host at every change of the data or the theme.
 * @param {new (root: any) => any} Kind
 * @param {Call} call
 * @returns {() => void} to be called when the place is gone
 */
export function show(Kind, { data, parentElement: root, setStateValue }) {
  if (!mounted.has(root)) mounted.set(root, new Kind(root));
  const panel = mounted.get(root);
  panel.send = setStateValue;
  panel.accept(unpack(data));
  // Streamlit also calls this for a call that newer data overtook: then the panel still stands.
  return () => {
    if (root.isConnected) return;
    panel.close();
    mounted.delete(root);
  };
}

/** What Python has selected: `rev` is another one for another, `seen` the last event it knew of.
 * @typedef {{ rev: number, seen: number, value: any }} Push */

/** `draw` follows new data, a new width, a new theme; `take` new data alone. */
export class Panel {
  /** The name of the memory that holds the selection. */
  holds = "picked";
  /** Tells the host of a state: set by `show`. @type {(name: string, value: unknown) => void} */
  send;
  /** What Python said, and the arrays with it. @type {any} */
  head;
  /** @type {any} */
  parts;
  /** What outlives this panel. @type {Record<string, any>} */
  memory;
  /** @type {Theme} */
  theme;
  width = 0;
  /** The height that was drawn for. @type {number | undefined} */
  drawnTall;
  /** Whether Python has sent another selection, which `take` looks at. */
  pushed = false;
  /** Whether it is older than what is said of it, and than what is picked. */
  old = false;
  late = false;
  /** What is painted. @type {string | undefined} */
  shows;
  /** Names of methods that are due in the next frame. @type {Set<string>} */
  due = new Set();
  /** @type {number | null} */
  nextFrame = null;
  /** @type {HTMLElement | undefined} */
  probe;
  /** @type {HTMLElement | undefined} */
  lines;

  /** @param {ParentNode} root */
  constructor(root) {
    this.panel = /** @type {HTMLElement} */ (root.querySelector(".panel"));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.panel);
    this.watchDots();
  }

  // The height in CSS pixels that the page has for this picture (`--pv-tall`); 0 for any.
  get tall() {
    if (!this.probe) {
      this.probe = element("i", { className: "probe", ariaHidden: "true" });
      this.panel.prepend(this.probe);
      this.observer.observe(this.probe);
    }
    return this.probe.clientHeight;
  }

  /**
   * What of that height the named parts of the panel leave.
   * @param {...string} selectors
   */
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

  /**
   * @param {string} selector
   * @returns {any} the element, of whichever kind it is
   */
  find(selector) {
    return this.panel.querySelector(selector);
  }

  /** @param {Message} message */
  accept({ head, parts }) {
    this.memory = memoryOf(head.id);
    this.head = head;
    this.parts = parts;
    this.heed(head.push);
    this.theme = themeOf(this.panel);
    this.width = this.panel.clientWidth;
    const started = performance.now();
    this.caption(head.notes ?? [], head.about); // first: a picture that has to fit leaves room for it
    this.take();
    this.draw();
    this.declare();
    this.panel.dataset.milliseconds = String(performance.now() - started); // for benchmarks
  }

  /**
   * Python's word on the selection counts, unless something newer was picked here.
   * @param {Push} push
   */
  heed(push) {
    this.pushed = this.heeds(push, "pick", this.holds) || this.pushed;
  }

  /**
   * The same for what is told by any other event.
   * @param {Push} push
   * @param {string} event
   * @param {string} name of the memory that holds it
   * @returns {boolean} whether it was news
   */
  heeds(push, event, name) {
    const { sent } = this.memory;
    this.memory.heard ??= {};
    const { heard } = this.memory;
    if (push.rev === heard[event] || push.seen < (sent?.[event] ?? 0)) return false;
    heard[event] = push.rev;
    this.memory[name] = push.value;
    return true;
  }

  /**
   * The number makes every event one of its own, even a pick of the same cell.
   * @param {string} name
   * @param {object} what
   * @param {(act: () => void) => void} when
   */
  tell(name, what, when = (act) => act()) {
    this.memory.sent ??= {};
    const { sent } = this.memory;
    sent[name] = Math.max(Date.now(), (sent[name] ?? 0) + 1);
    const value = { ...what, seq: sent[name] };
    when(() => this.send(name, value));
  }

  resized() {
    const width = this.panel.clientWidth;
    const tall = this.probe?.clientHeight;
    if (!this.head || !width || (width === this.width && tall === this.drawnTall)) return;
    [this.width, this.drawnTall] = [width, tall];
    this.draw();
    this.declare();
  }

  /**
   * Lines under the picture: they change with it.
   * @param {string[]} lines
   * @param {string} [about] what they say at length, for who points at them
   */
  caption(lines, about) {
    if (!lines.length && !this.lines) return;
    this.lines ??= this.panel.appendChild(element("div", { className: "notes" }));
    const title = about || lines.join("\n"); // all of it, where there is room for one line only
    this.lines.replaceChildren(...lines.map((textContent) => element("p", { textContent, title })));
  }

  // What is painted now, for the texts that speak of it.
  declare() {
    const { id, shows } = this.head;
    if (!shows || !this.width) return;
    this.shows = this.panel.dataset.shows = shows;
    painted(id, this);
  }

  /** For those who do not see it. @param {string} text */
  sayAloud(text) {
    renew(this.find(".aloud"), text);
  }

  // Dimmed while it is older than what is said of it, or than what is picked.
  age(old = this.old) {
    this.old = Boolean(old);
    dim(this.panel, this.old || Boolean(this.late));
  }

  /**
   * In the next frame, once however often it is asked for.
   * @param {string} method
   */
  soon(method) {
    this.due.add(method);
    this.nextFrame ??= requestAnimationFrame(() => this.flush());
  }

  /**
   * At once, for what the pointer reads; once more only in the next frame.
   * @param {string} method
   */
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
