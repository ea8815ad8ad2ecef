// The weights of a patch or a word whose map is too large to be here: fetched line by line, kept,
// and the neighbours of what is looked at ahead of it. The other end is browser/lines.py.
/** @import { Place } from "../types.js" */
import { indexOf } from "../numbers/axis.js";
import { inside, samePlaces, sizeOf } from "../numbers/places.js";
import { answerOf } from "./asking.js";
import { combinedOf } from "./nearby_weights.js";

const KEPT = 2 ** 22; // numbers: 16 MB
const AT_ONCE = 2 ** 20; // in one answer; of more patches together Python is asked
const PATIENCE = 100; // milliseconds until what is shown is said to be late
const BESIDE = [
  [0, 0, 1],
  [0, 0, -1],
  [0, 1, 0],
  [0, -1, 0],
  [1, 0, 0],
  [-1, 0, 0],
];

/** What is asked for by its name: a place, or "word 3".
 * @typedef {{ weights: Float32Array, uniform: number }} Line */

export class FarLines {
  address = "";
  failed = false;
  /** The least recently used first. @type {Map<string, Line>} */
  kept = new Map();
  /** Names that are wanted now. @type {string[]} */
  wanted = [];
  busy = false;
  slow = false;
  /** Names that may be wanted next. @type {string[]} */
  likely = [];
  ahead = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** @param {import("../panels/film_strip.js").FilmStrip} strip */
  constructor(strip) {
    this.strip = strip;
  }

  take() {
    const { lines } = this.strip.head;
    if (lines === this.address) return;
    this.address = lines ?? "";
    this.failed = false;
    this.kept.clear();
    this.likely = [];
    this.forget();
  }

  close() {
    this.address = "";
    this.forget();
  }

  forget() {
    this.wanted = [];
    this.slow = false;
    clearTimeout(this.timer);
  }

  get able() {
    return Boolean(this.address) && !this.failed;
  }

  /** Whether a line is on its way, and not for long yet. */
  get waits() {
    return this.able && this.wanted.length > 0 && !this.slow;
  }

  get size() {
    return sizeOf(this.strip.head.grid);
  }

  /** Whether it is a line of the map, not of another. @param {Place} place */
  holds(place) {
    const { axes, side } = this.strip.head;
    return Boolean(axes) && indexOf(side === "row" ? axes.query : axes.key, place) !== null;
  }

  /**
   * Of some patches, put together.
   * @param {Place[] | null} places
   * @param {string} combine
   * @returns {Float32Array | null} null where they are not here; then they are asked for
   */
  weightsOf(places, combine) {
    if (!places?.every((place) => this.holds(place))) return this.want([]);
    const found = this.lines(places.map(String));
    return found && (found.length === 1 ? found[0].weights : combinedOf(weightsIn(found), combine));
  }

  /** Who reads a key. @param {number} word */
  readersOf(word) {
    return this.lines([`word ${word}`])?.[0].weights ?? null;
  }

  /**
   * The one number that the queries of all of these give; null where they differ.
   * @param {Place[]} places
   */
  uniformOf(places) {
    const found = new Set(places.map((place) => this.kept.get(String(place))?.uniform));
    const [one] = found;
    return found.size === 1 && one && Number.isFinite(one) ? one : null;
  }

  /** @param {string[]} names @returns {Line[] | null} */
  lines(names) {
    if (!this.able || names.length * this.size > AT_ONCE) return this.want([]);
    const missing = names.filter((name) => !this.kept.has(name));
    this.want(missing);
    if (missing.length) return null;
    this.lookBeside(names);
    return names.map((name) => this.used(name));
  }

  /** @param {string} name */
  used(name) {
    const line = /** @type {Line} */ (this.kept.get(name));
    this.kept.delete(name);
    this.kept.set(name, line);
    return line;
  }

  /** @param {string[]} names @returns {null} */
  want(names) {
    if (names.join() !== this.wanted.join()) {
      this.forget();
      this.wanted = names;
      if (names.length) this.timer = setTimeout(() => this.isSlow(), PATIENCE);
    }
    this.next();
    return null;
  }

  isSlow() {
    this.slow = true;
    this.strip.relook();
  }

  async next() {
    const names = this.wanted;
    if (this.busy || !names.length || !this.able) return;
    this.busy = true;
    const { address } = this;
    const came = await this.fetched(names);
    this.busy = false;
    if (address !== this.address || names !== this.wanted) {
      this.next();
      return;
    }
    this.failed = !came; // the session is another one, or there is no way to it: Python is asked
    this.came();
    if (came) this.lookBeside(names);
  }

  came() {
    this.forget();
    this.strip.lineCame();
  }

  /** @param {string[]} names */
  async fetched(names) {
    const { size, address } = this;
    const word = names[0].startsWith("word ") && names[0].slice(5);
    const places = names.map((name) => name.replaceAll(",", ".")).join("_");
    const answer = await answerOf(address, word ? { word } : { at: places });
    const expected = 4 * names.length * (1 + size);
    if (answer?.byteLength !== expected || address !== this.address) return false;
    const numbers = new Float32Array(answer);
    names.forEach((name, i) => {
      const first = i * (1 + size);
      this.keep(name, {
        uniform: numbers[first],
        weights: numbers.slice(first + 1, first + 1 + size),
      });
    });
    return true;
  }

  /** @param {string} name @param {Line} line */
  keep(name, line) {
    this.kept.delete(name);
    this.kept.set(name, line);
    const most = Math.max(16, Math.floor(KEPT / this.size));
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) break;
      this.kept.delete(old);
    }
  }

  /** What the pointer, an arrow key or a walk comes to next. @param {string[]} names */
  lookBeside(names) {
    if (names.length > 1 || names[0].startsWith("word ")) return;
    const [t, h, w] = names[0].split(",").map(Number);
    const { grid } = this.strip.head;
    const places = BESIDE.map(([s, r, c]) => /** @type {Place} */ ([t + s, h + r, w + c]));
    this.lookAhead(places.filter((place) => samePlaces(inside(place, grid), place)));
  }

  /** Before they are asked for; the newest of what is likely, one answer at a time.
   * @param {Place[]} places */
  async lookAhead(places) {
    this.likely = places.filter((place) => this.holds(place)).map(String);
    if (this.ahead) return;
    this.ahead = true;
    await pause(); // what is shown now goes first
    while (this.able) {
      const names = this.likely.filter((name) => !this.kept.has(name));
      this.likely = [];
      if (!names.length || names.length * this.size > AT_ONCE) break;
      if (!(await this.fetched(names))) break;
      const here = this.wanted.length && this.wanted.every((name) => this.kept.has(name));
      if (here) this.came();
    }
    this.ahead = false;
  }
}

const pause = () => new Promise((done) => setTimeout(done));

/** @param {Line[]} lines */
const weightsIn = (lines) => lines.map(({ weights }) => weights);
