// The linked panels in a file: nobody is asked, what other heads show lies in the file too.
/** @import { Place as Patch } from "../types.js" */
/** @import { Dress } from "./place.js" */
/** @import { Arranged, Selection } from "./linked.js" */
import { inflated } from "../numbers/letters.js";
import { FilePins } from "./file_pins.js";
import { Linked } from "./linked.js";

/** What the file says. messages: those that are drawn first, as `deflated` made them; by "grid <item>"
 * and "map|strip <row> <head> <item>". held: the names of all of them: the others are elements of
 * their own behind the script, so that the page draws before a large file is read to its end.
 * chosen: row of the grid, head and batch item at first. links: of each item. items: where in the
 * batch the map of each frame or patch is. counts, grid: as of `Places`. arranged: what is pinned at
 * first. whole: colours end at the largest weight.
 * @typedef {{ dresses: Record<string, Dress>, messages: Record<string, string>, held: string[],
 *   film: string, chosen: [number, number, number], selection: Selection, links: string[],
 *   items: Record<string, number>, counts: string, grid: [number, number, number],
 *   arranged: Arranged, whole: boolean }} Told */

export class LinkedFile {
  /** Of the grid. @type {number} */
  row;
  /** @type {number} */
  head;
  /** Of the batch. @type {number} */
  item;
  turn = 0;
  /** Names of messages. @type {Set<string>} */
  held;

  /**
   * @param {HTMLElement} box
   * @param {Told} told
   */
  constructor(box, told) {
    this.told = told;
    this.held = new Set(told.held);
    [this.row, this.head, this.item] = told.chosen;
    this.linked = new Linked(box, told.dresses, (...what) => this.answer(...what));
    this.pins = new FilePins(this);
  }

  async open() {
    const { film, selection } = this.told;
    this.linked.share(await inflated(film));
    this.linked.select(selection);
    await Promise.all([this.drawHead(), this.drawGrid()]);
    await this.pins.draw(this.told.arranged);
  }

  /** @param {string} key */
  has(key) {
    return this.held.has(key);
  }

  /** @param {string} key */
  async message(key) {
    const { messages } = this.told;
    if (!Object.hasOwn(messages, key)) await isRead();
    return inflated(messages[key] ?? document.getElementById(key).textContent);
  }

  // The newest wins: what takes longer to inflate is no longer wanted.
  async drawHead() {
    const turn = ++this.turn;
    const at = `${this.row} ${this.head} ${this.item}`;
    const [map, strip] = await Promise.all([
      this.message(`map ${at}`),
      this.message(`strip ${at}`),
    ]);
    if (turn !== this.turn) return;
    this.linked.draw("map", map);
    this.linked.draw("strip", strip);
  }

  async drawGrid() {
    const grid = await this.message(`grid ${this.item}`);
    this.linked.draw("grid", grid);
  }

  /**
   * @param {string} name
   * @param {string} event
   * @param {any} value
   */
  answer(name, event, value) {
    if (event === "ends") this.linked.end(value.ends);
    if (event === "arrange") this.pins.draw(value);
    if (event === "unpin") this.pins.draw(this.linked.unpin(value.map));
    if (event !== "pick") return;
    if (name === "grid") this.pickHead(value);
    else if (name === "strip") this.pickPatch(value.places);
  }

  /** @param {{ layer: number, head: number }} pick */
  pickHead({ layer, head }) {
    if (!this.has(`map ${layer} ${head} ${this.item}`)) return;
    [this.row, this.head] = [layer, head];
    this.drawHead();
  }

  /**
   * Another frame of a spatial map, or patch of a temporal one, is another map.
   * @param {Patch[]} places
   */
  pickPatch(places) {
    const [number, query] = this.locate(places[0]);
    const item = this.told.items[number];
    if (item === this.item || !this.has(`map ${this.row} ${this.head} ${item}`)) return;
    this.item = item;
    const link = this.told.links[item];
    this.linked.select({ pick: { link, query, key: null, places }, seen: Infinity });
    this.drawHead();
    this.pins.draw();
    if (this.has(`grid ${item}`)) this.drawGrid();
  }

  /** `Places.locate` of Python. @param {Patch} place @returns {[number: number, token: number]} */
  locate([t, h, w]) {
    const [, rows, columns] = this.told.grid;
    if (this.told.counts === "frame") return [t, h * columns + w];
    if (this.told.counts === "patch") return [h * columns + w, t];
    return [0, (t * rows + h) * columns + w];
  }
}

/** When the file is read to its end. @returns {Promise<void>} */
function isRead() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((done) => {
    document.addEventListener("DOMContentLoaded", () => done(), { once: true });
  });
}
