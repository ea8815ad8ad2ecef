// Raw numbers and the colours they get: ColourScale of figures/colour.py, on this side.
/** @import { Ends, Law, Scale } from "../types.js" */
import { clamp, meanOf } from "./arithmetic.js";
import { spoken } from "./words.js";

/** @type {Set<Law>} */
export const LOGARITHMIC = new Set(["log", "uniform"]);
const LOWEST = 1e-5; // of the largest: where a logarithmic axis ends

/** What a legend says of a law. @type {Record<Law, string>} */
export const LAWS = {
  linear: "linear",
  sqrt: "square root",
  log: "logarithmic",
  uniform: "multiples of uniform, logarithmic",
};

/**
 * Raw number -> 0..1: `ColourScale.unit`.
 * @param {Ends} ends
 * @returns {(value: number) => number}
 */
export function placer({ low, high, law }) {
  /** @param {number} value */
  const linear = (value) => clamp((value - low) / (high - low || 1), 0, 1);
  if (law === "sqrt") return (value) => Math.sqrt(linear(value));
  if (!LOGARITHMIC.has(law)) return linear;
  const [from, to] = [Math.log10(low), Math.log10(high)];
  return (value) => clamp((Math.log10(Math.max(value, low)) - from) / (to - from || 1), 0, 1);
}

/**
 * From 0..1 to a raw number: the inverse of `placer`.
 * @param {Ends} ends
 * @param {number} at
 */
export function rawAt({ low, high, law }, at) {
  if (LOGARITHMIC.has(law)) return low * (high / low) ** at;
  return low + (high - low) * (law === "sqrt" ? at * at : at);
}

/**
 * The axis of a legend: from nothing, or the least that a logarithm reaches, to the largest.
 * @param {Ends & { most?: number | null }} scale
 * @returns {Ends}
 */
export function axisOf({ low, high, most, law }) {
  const top = Math.max(high, most ?? high);
  if (law === "uniform") return { low: Math.min(low, 1 / top), high: top, law };
  if (law === "log") return { low: Math.min(low, top * LOWEST), high: top, law };
  return { low: Math.min(low, 0), high: top, law };
}

/**
 * What colours follow: weights, or their multiples of uniform, which is one number a query.
 * @param {{ law: Law }} scale
 * @param {Float32Array | undefined} uniform one a query of the whole map
 * @param {{ window: number[], cell: number[], shape: number[] }} values
 * @returns {(value: number, index: number) => number}
 */
export function measurer({ law }, uniform, { window: [r0], cell: [tall], shape: [rows, columns] }) {
  if (law !== "uniform" || !uniform) return (value) => value;
  const each = Float32Array.from({ length: rows }, (_, row) => {
    const own = uniform.subarray(r0 + row * tall, Math.min(r0 + (row + 1) * tall, uniform.length));
    return meanOf(own.filter(Number.isFinite)) || 1;
  });
  return (value, i) => value / each[Math.floor(i / columns) % rows];
}

/**
 * @param {number} value
 * @param {Law} law
 */
export const saidEnd = (value, law) => `${spoken(value, 3)}${law === "uniform" ? "\u00a0×" : ""}`;

/**
 * The upper end, and whether its colour stands for more than one value.
 * @param {Pick<Scale, "high" | "law" | "above">} scale
 */
export const saidTop = ({ high, law, above }) =>
  `${saidEnd(high, law)}${above ? " and above" : ""}`;

/** @param {Pick<Scale, "law" | "scope">} scale */
export const saidLaw = ({ law, scope }) => `${LAWS[law]}, ${scope}`;

/**
 * How many finite values lie where on an axis.
 * @param {Ends} axis
 * @param {ArrayLike<number>} values
 * @param {number} bins
 */
export function countsOf(axis, values, bins) {
  const counts = new Uint32Array(bins);
  const place = placer(axis);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    counts[Math.min(bins - 1, Math.floor(bins * place(values[i])))] += 1;
  }
  return counts;
}
