// A grid of heads, a map and a film strip that show one selection: what notebook and file mount.
/** @import { Pick } from "../types.js" */
/** @import { Dress } from "./place.js" */
import { make } from "../page/elements.js";
import { room } from "../page/room.js";
import shared from "../panels/shared.js";
import { Place } from "./place.js";

export const NAMES = ["strip", "grid", "map"]; // as they stand on the page

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
    /** @type {Record<string, Place>} */
    this.places = {};
    for (const name of NAMES) {
      const element = box.appendChild(make("div", { className: `pv-${name}` }));
      this.places[name] = new Place(element, dresses[name], (...told) => tell(name, ...told));
    }
  }

  /** @param {Uint8Array} data */
  film(data) {
    shared({ data });
  }

  /**
   * @param {string} name
   * @param {Uint8Array} data
   */
  draw(name, data) {
    this.places[name].draw(data);
  }

  /** @param {Selection} selection */
  select({ pick, seen }) {
    if (room.playing || seen < room.last) return; // something newer is on its way
    room.pick = pick;
    for (const panel of room.panels) panel.hear(pick);
  }

  /** Ends of the colours, of map and strip; null for those of each head.
   * @param {import("../types.js").Pair | null} ends */
  end(ends) {
    room.ends = ends;
    this.places.map.again();
    this.places.strip.again();
  }

  again() {
    for (const place of Object.values(this.places)) place.again();
  }

  close() {
    for (const place of Object.values(this.places)) place.close();
  }
}
