// What the colours of a strip follow: its scale, and weights by what a query gives by chance.
/** @import { Axis, Grid, Place, Scale, Weights } from "../types.js" */
import { meanOf } from "../numbers/arithmetic.js";
import { indexOf } from "../numbers/axis.js";
import { placeAt } from "../numbers/places.js";
import { LOGARITHMIC } from "../numbers/scale.js";

/** @param {Scale} scale */
export const isSigned = ({ low, high }) => low < 0 && high > 0;

/**
 * More contrast: colours end below the largest weight, and what lies above is all the last colour.
 * @param {Scale} scale
 * @param {number} contrast 1 for none
 * @returns {Scale}
 */
export function stretched(scale, contrast) {
  const low = isSigned(scale) ? scale.low / contrast : scale.low;
  return { ...scale, low, high: Math.max(scale.high / contrast, low) };
}

/**
 * A scale that ends at the largest of other weights than those it was made for.
 * @param {Scale} scale
 * @param {Float32Array} weights
 * @param {string} scope
 * @returns {Scale}
 */
export function scaleTo(scale, weights, scope) {
  const high = Math.max(0, ...weights.filter(Number.isFinite)) || 1;
  const low = LOGARITHMIC.has(scale.law) ? (high * scale.low) / scale.high : 0;
  return { ...scale, low, high, above: false, scope };
}

/**
 * Weights as multiples of what queries of a map give that do not choose.
 * @param {Float32Array} weights 't h w' flat
 * @param {Place[]} places whose weights they are
 * @param {{ query: Axis, uniform: Float32Array }} map
 * @param {Grid} grid
 * @param {{ byRow: boolean, summed: boolean }} how rows of the places, or their columns
 */
export function multiples(weights, places, map, grid, { byRow, summed }) {
  /** @param {Place} patch */
  const own = (patch) => map.uniform[indexOf(map.query, patch) ?? -1];
  if (!byRow) {
    const count = summed ? places.length : 1;
    return weights.map((weight, i) => weight / (own(placeAt(i, grid)) * count));
  }
  const asked = places.map(own).filter(Number.isFinite);
  const mine = meanOf(asked) * (summed ? asked.length : 1);
  return weights.map((weight) => weight / mine);
}

/**
 * The one number that all of some queries give; null where they differ.
 * @param {Pick<Weights, "query" | "uniform">} map
 * @param {ArrayLike<number>[]} places
 */
export function sharedUniform({ query, uniform }, places) {
  const found = new Set(places.map((place) => uniform?.[indexOf(query, place) ?? -1]));
  return found.size === 1 ? ([...found][0] ?? null) : null;
}
