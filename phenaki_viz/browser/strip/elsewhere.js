// Weights of patches and words that Python did not send with the strip: read from the map beside, or
// asked for line by line.
/** @import { Place } from "../types.js" */
import { lineAt, nearby, weightsOf } from "./nearby_weights.js";
import { multiples } from "./weighing.js";

export class Elsewhere {
  /** @param {import("../panels/film_strip.js").FilmStrip} strip */
  constructor(strip) {
    this.strip = strip;
  }

  /** The map beside, if every weight of it is here. */
  get map() {
    return nearby(this.strip.head?.weights);
  }

  /** Whether the weights of whatever is pointed at can be had. */
  get able() {
    return Boolean(this.map) || this.strip.far.able;
  }

  /** @param {Place[]} places @returns {Float32Array | null} null where Python has to be asked */
  weightsOf(places) {
    const { head, far, tools } = this.strip;
    const { value: combine } = tools.combine;
    if (!this.map) return far.weightsOf(places, combine);
    return weightsOf(this.map, head.grid, { direction: head.side, combine }, places);
  }

  /** Who reads a word. @param {number} word @returns {Float32Array | null} */
  readersOf(word) {
    const { head, far } = this.strip;
    return this.map ? lineAt(this.map, head.grid, "column", word) : far.readersOf(word);
  }

  /** A click often follows. @param {Place | null} place */
  expect(place) {
    const { head, far } = this.strip;
    const asks = head.word === null && !head.still && far.able;
    if (place && asks && !this.map) far.lookAhead([place]);
  }

  /**
   * Multiples of uniform, by the queries of the map beside; null where they are not known.
   * @param {Float32Array} weights
   * @param {Place[]} places
   */
  measured(weights, places) {
    const { byRow, isSummed, far, head } = this.strip;
    const own = byRow && far.uniformOf(places);
    if (own) return weights.map((weight) => weight / (own * (isSummed ? places.length : 1)));
    if (!this.map?.uniform) return null;
    const { query, uniform } = this.map;
    return multiples(weights, places, { query, uniform }, head.grid, { byRow, summed: isSummed });
  }
}
