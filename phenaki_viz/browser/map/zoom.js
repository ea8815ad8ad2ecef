// The part of a map that is on view, and how it changes.
/** @import { Pair, Part } from "../types.js" */
import { partAt, partOfLink, revealed, wholeOf, zoomed } from "./geometry.js";

const STANDS = 600; // milliseconds after which a view is one that the link keeps

export class Zoom {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  telling;

  /** @param {import("../panels/attention_map.js").AttentionMap} map */
  constructor(map) {
    this.map = map;
  }

  // It belongs to the size of the map: at first it is the part that a link asks for.
  take() {
    const { memory, head } = this.map;
    if (String(memory.total) === String(head.total)) return;
    memory.view = memory.total ? null : partOfLink(head.view, head.total);
    memory.total = head.total;
  }

  /** @returns {Part} */
  get part() {
    return this.map.memory.view ?? wholeOf(this.map.head.total);
  }

  get isOn() {
    return Boolean(this.map.memory.view);
  }

  get magnification() {
    const [r0, r1] = this.part;
    return this.map.head.total[0] / (r1 - r0);
  }

  /** @param {Part | null} part null for the whole map */
  lookAt(part) {
    this.map.memory.view = part;
    this.map.soon("paint");
    this.map.finer.soon();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.tell(), STANDS);
  }

  tell() {
    const { memory, head } = this.map;
    const view = memory.view?.map((at) => Math.round(100 * at) / 100) ?? null;
    if (head.tellsView) this.map.tell("view", { view });
  }

  /**
   * @param {Pair} corner row and column
   * @param {Pair} size
   */
  move(corner, size) {
    this.lookAt(partAt(this.map.head.total, corner, size));
  }

  /**
   * @param {number} factor
   * @param {Pair} at shares of the plot: what is there stays where it is
   */
  by(factor, at = [0.5, 0.5]) {
    this.lookAt(zoomed(this.part, this.map.head.total, factor, at));
  }

  reset() {
    this.lookAt(null);
  }

  // A pick from outside or by key is brought into view.
  reveal() {
    const { head, picked } = this.map;
    if (this.isOn) this.lookAt(revealed(this.part, head.total, ...picked));
  }

  close() {
    clearTimeout(this.telling);
  }
}
