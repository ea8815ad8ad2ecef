// A grid of heads, a map, a film strip and pinned heads that show one selection: what notebook and
// file mount.
/** @import { Pick } from "../types.js" */
/** @import { Dress } from "./place.js" */
import { unpack } from "../numbers/message.js";
import { element } from "../page/elements.js";
import { memoryOf, page, select } from "../page/page.js";
import shared from "../panels/shared.js";
import { Place } from "./place.js";

export const NAMES = ["strip", "grid", "map", "pinned"]; // as they stand on the page

/** What is isolated and pinned in the grid, by rows and heads.
 * @typedef {{ alone: boolean, pins: [row: number, head: number][] }} Arranged */

/** The selection, and the number of the last pick that it takes into account.
 * @typedef {{ pick: Pick, seen: number }} Selection */

export class Linked {
  /**
   * @param {HTMLElement} box
   * @param {Record<string, Dress>} dresses by name
   * @param {(name: string, event: string, value: any) => void} tell what is done on a panel
   */
  constructor(box, dresses, tell) {
    box.classList.add("pv-linked");
    box.dataset.pvKeys = ""; // see head_grid.js
    box.dataset.lmSuppressShortcuts = "true"; // JupyterLab's own keys
    /** What was said of the grid. @type {Record<string, any>} */
    this.grid = {};
    /** @type {Record<string, Place>} */
    this.places = {};
    for (const name of NAMES) {
      const outer = element("div", { className: `pv-${name}` });
      this.places[name] = new Place(outer, dresses[name], (...told) => tell(name, ...told));
    }
    const { strip, grid, map, pinned } = this.places;
    const heading = element("h2", { textContent: "Pinned heads" });
    this.beside = element("section", { hidden: true }, heading, pinned.element);
    box.append(strip.element, grid.element, map.element, this.beside);
  }

  /** What several panels read: frames, lines. @param {Uint8Array} data */
  share(data) {
    if (data.length) shared({ data });
  }

  /**
   * @param {string} name
   * @param {Uint8Array} data
   */
  draw(name, data) {
    if (name === "grid") this.grid = unpack(data).head;
    if (name === "pinned") this.beside.hidden = !data.length;
    if (!data.length) return; // no head is pinned
    this.places[name].draw(data);
  }

  /**
   * One of the pinned heads is let go of beside the grid, which shows that.
   * @param {number} at
   * @returns {Arranged} what is left
   */
  unpin(at) {
    const memory = memoryOf(this.grid.id);
    const { alone, pins } = memory.arranged;
    memory.arranged = { alone, pins: pins.filter((_, number) => number !== at) };
    this.places.grid.again();
    return memory.arranged;
  }

  /** @param {Selection} selection */
  select(selection) {
    select("", selection);
  }

  /** Ends of the colours, of map and strip; null for those of each head.
   * @param {import("../types.js").Pair | null} ends */
  end(ends) {
    page.ends = ends;
    for (const name of ["map", "strip", "pinned"]) this.places[name].again();
  }

  again() {
    for (const place of Object.values(this.places)) place.again();
  }

  close() {
    for (const place of Object.values(this.places)) place.close();
  }
}
