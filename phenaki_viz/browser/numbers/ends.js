// Where the colours of some weights end, for a page that has no Python to ask: `drawn_range` of
// analysis/weight_range.py and `Colours.over` of figures/attention_views.py, on this side.
/** @import { Law, Scale } from "../types.js" */

const PERCENTILE = 99.5;
const DECADES = 4; // below the highest, on a logarithmic scale
const LEAST_MULTIPLE = 1.5; // of uniform

/**
 * The 99.5th percentile and the largest of the finite values; 0 and 0 of none.
 * @param {Float32Array} values
 */
export function drawnRange(values) {
  const finite = values.filter(Number.isFinite).sort();
  if (!finite.length) return { top: 0, most: 0 };
  const at = ((finite.length - 1) * PERCENTILE) / 100;
  const [below, share] = [finite[Math.floor(at)], at % 1];
  const above = finite[Math.ceil(at)];
  return { top: below + (above - below) * share, most: finite[finite.length - 1] };
}

/**
 * @param {Float32Array} measured what the colours follow
 * @param {{ law: Law, scope: string, whole: boolean }} how whole: they end at the largest
 * @returns {Scale}
 */
export function scaleOver(measured, { law, scope, whole }) {
  const { top, most } = drawnRange(measured);
  const end = (whole || top <= 0 ? most : top) || 1;
  const high = law === "uniform" ? Math.max(end, LEAST_MULTIPLE) : end;
  const low = { linear: 0, sqrt: 0, log: high / 10 ** DECADES, uniform: 1 / high }[law];
  return { low, high, law, above: most > high, most, scope, hand: false };
}
