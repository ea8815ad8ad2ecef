// Asks for finer cells, when the values are coarser than what can be seen.
import { covers, wanted } from "./geometry.js";

const RESTS = 180; // milliseconds after which a view is one to ask for

export class Finer {
  /**
   * @param {import("../panels/attention_map.js").AttentionMap} map
   */
  constructor(map) {
    this.map = map;
    /** The wish that is under way, as JSON. @type {string | null} */
    this.asked = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  // New values are here.
  came() {
    if (covers(this.map.tile.window, this.map.view)) this.asked = null;
  }

  soon() {
    this.stop();
    this.timer = setTimeout(() => this.ask(), RESTS);
  }

  stop() {
    clearTimeout(this.timer);
  }

  ask() {
    const { map } = this;
    const { tile, view, geometry } = map;
    if (!geometry || (covers(tile.window, view) && !this.isBlocky())) return;
    const [r0, r1, c0, c1] = wanted(view, map.head.total);
    const wish = JSON.stringify([r0, r1, c0, c1]);
    if (wish === this.asked || wish === JSON.stringify(tile.window)) return;
    this.asked = wish;
    map.tell("window", { r0, r1, c0, c1 });
  }

  isBlocky() {
    const { tile, zoom, geometry } = this.map;
    return Math.max(...tile.cell) > 1 && zoom.isOn && geometry.cell[1] * tile.cell[0] > 2;
  }
}
