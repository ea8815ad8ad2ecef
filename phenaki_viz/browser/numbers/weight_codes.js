// The other end of weight_codes.py: two bytes -> a weight, with every digit that is shown of it.
/** @import { Pair } from "../types.js" */
/** @import { Factors } from "./weight_factors.js" */
import { codesOf } from "./weight_factors.js";

const CODED = table();

function table() {
  const [least, small, fine, middle, line] = [1e-11, 900, 6301, 15301, 24301];
  const weights = new Float32Array(65536);
  for (let code = 1; code < 65533; code++) {
    const decade = Math.floor((code - 1) / small);
    if (code < fine) weights[code] = (least * 10 ** decade * (100 + ((code - 1) % small))) / 100;
    else if (code < middle) weights[code] = (code - fine + 1000) / 1e7;
    else if (code < line) weights[code] = (code - middle + 1000) / 1e6;
    else weights[code] = (code - line + 10000.5) / 1e6;
  }
  weights[65534] = Infinity;
  weights[65535] = NaN;
  return weights;
}

/**
 * Weights as `coded` of Python sent them.
 * @param {{ codes: Uint16Array, listed: Float32Array }} parts
 */
export function decoded({ codes, listed }) {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = CODED[codes[i]];
  for (let i = 0; i < listed.length; i += 2) values[listed[i]] = listed[i + 1];
  return values;
}

/**
 * The values of a map, in whichever form they are sent.
 * @param {Record<string, any>} parts
 * @param {{ factors?: Factors | null, shape?: Pair }} [head]
 * @returns {Float32Array}
 */
export function valuesOf(parts, { factors, shape } = {}) {
  if (factors && shape) return decoded(codesOf(factors, /** @type {any} */ (parts), shape[1]));
  return parts.values ?? decoded(/** @type {any} */ (parts));
}
