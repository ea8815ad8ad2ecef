// Weights over frames: how they are coloured.
/** @import { Cover } from "../numbers/colour.js" */
import { pixels } from "../numbers/colour.js";

export const OPACITY = 0.85;

/** Low weights let the frame through, high ones cover it; of signed numbers, those near zero do.
 * @type {Record<"rising" | "signed" | "full", Cover>} */
export const COVER = {
  rising: (share) => share ** 0.7,
  signed: (share) => Math.abs(2 * share - 1) ** 0.7,
  full: () => 1,
};

/** A table as it lies over frames, and its pixels.
 * @typedef {{ table: Uint8Array, ramp: Uint32Array }} Laid */

/** Of tables that are here, by cover. @type {WeakMap<Uint8Array, Map<Cover, Laid>>} */
const made = new WeakMap();

/**
 * Made once for a table, not for each patch.
 * @param {Uint8Array} given 256 × 3 bytes
 * @param {Cover} cover
 */
export function laidOver(given, cover) {
  const known = made.get(given) ?? new Map();
  made.set(given, known);
  if (!known.has(cover)) {
    const table = cover === COVER.rising ? lit(given) : given;
    known.set(cover, { table, ramp: pixels(table, cover) });
  }
  return /** @type {Laid} */ (known.get(cover));
}

/**
 * The dark end of the palette would not show on a dark frame: colours start a third of the way up.
 * @param {Uint8Array} given 256 × 3 bytes
 */
export function lit(given) {
  /** @param {number} at */
  const bright = (at) => given[at] + given[at + 1] + given[at + 2];
  const table = bright(0) > bright(given.length - 3) ? backwards(given) : given;
  const shown = new Uint8Array(table.length);
  for (let i = 0; i < 256; i++) {
    const from = 3 * Math.round(84 + (i / 255) * 171);
    shown.set(table.subarray(from, from + 3), 3 * i);
  }
  return shown;
}

/**
 * A palette for paper begins light: over frames it is turned.
 * @param {Uint8Array} table
 */
function backwards(table) {
  const turned = new Uint8Array(table.length);
  for (let at = 0; at < table.length; at += 3) {
    turned.set(table.subarray(at, at + 3), table.length - 3 - at);
  }
  return turned;
}
