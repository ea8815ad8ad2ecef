// The other end of weight_factors.py: the codes of a map from what its softmax was made of.
// Every operation is the one that Python makes, in the same order: see there.

/** What the header says. away: how many codes are others than the factors give. hidden: keys that
 * no query sees.
 * @typedef {{ width: number, unit: number, away: number, hidden: number[],
 *   bias: { unit: number, dimensions: number[], nulls: number } | null }} Factors */

/** @typedef {{ left: Uint8Array, right: Uint8Array, rows: Float32Array, gaps: Uint8Array,
 *   away: Uint8Array, large: Float32Array, offsets?: Uint8Array }} FactorParts */

const [LISTED, MASKED] = [65533, 65535];
const [LN2_HIGH, LN2_LOW] = [0.6931471803691238, 1.9082149292705877e-10];
const POWERS = Float64Array.from({ length: 64 }, (_, i) => powerOfTwo(i - 48));

/** @param {number} exponent */
function powerOfTwo(exponent) {
  let power = 1;
  for (let i = 0; i < Math.abs(exponent); i++) power *= exponent < 0 ? 0.5 : 2;
  return power;
}

/**
 * @param {Uint8Array} bytes as `planes` of Python made them
 * @param {number} count
 */
export function numbersOf(bytes, count) {
  const numbers = new Float64Array(count);
  for (let first = 0, unit = 1; first < bytes.length; first += count, unit *= 256) {
    for (let i = 0; i < count; i++) numbers[i] += unit * bytes[first + i];
  }
  for (let i = 0; i < count; i++) {
    const folded = numbers[i];
    numbers[i] = folded % 2 ? -(folded + 1) / 2 : folded / 2;
  }
  return numbers;
}

// `_codes` of Python. Some hundred thousand times a map: nothing here is looked up.
/** @param {number} weight */
function codeOf(weight) {
  if (weight >= 0.05) return LISTED;
  if (weight >= 1e-2) return Math.floor(weight * 1e6) + (24301 - 10000);
  if (weight >= 1e-3) return Math.floor(weight * 1e6 + 0.5) + (15301 - 1000);
  if (weight >= 1e-4) return Math.floor(weight * 1e7 + 0.5) + (6301 - 1000);
  if (weight >= 1e-5) return Math.floor(weight * 1e7 + 0.5) + (900 * 6 - 99);
  if (weight >= 1e-6) return Math.floor(weight * 1e8 + 0.5) + (900 * 5 - 99);
  if (weight >= 1e-7) return Math.floor(weight * 1e9 + 0.5) + (900 * 4 - 99);
  if (weight >= 1e-8) return Math.floor(weight * 1e10 + 0.5) + (900 * 3 - 99);
  if (weight >= 1e-9) return Math.floor(weight * 1e11 + 0.5) + (900 * 2 - 99);
  if (weight >= 1e-10) return Math.floor(weight * 1e12 + 0.5) + (900 - 99);
  if (weight >= 1e-11) return Math.floor(weight * 1e13 + 0.5) - 99;
  return 0;
}

/** e to the x. @param {number} exponent */
function exp(exponent) {
  const x = Math.min(1, Math.max(-30, exponent));
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let power = r * (1 / 40320) + 1 / 5040;
  power = power * r + 1 / 720;
  power = power * r + 1 / 120;
  power = power * r + 1 / 24;
  power = power * r + 1 / 6;
  power = power * r + 0.5;
  power = power * r + 1;
  power = power * r + 1;
  return power * POWERS[k + 48];
}

/**
 * What is added to the scores of a query.
 * @param {{ unit: number, dimensions: number[], nulls: number }} told
 * @param {Uint8Array} offsets
 */
function biasOf({ unit, dimensions, nulls }, offsets) {
  const count = dimensions.reduce((all, size) => all * (2 * size - 1), 1);
  const table = numbersOf(offsets, count);
  for (let i = 1; i < count; i++) table[i] += table[i - 1];
  const places = placesOf(dimensions);
  const middle = Math.floor(count / 2);
  /** @param {Float64Array} scores @param {number} query */
  return (scores, query) => {
    const own = places[query] + middle;
    for (let j = 0; j < places.length; j++) scores[nulls + j] += table[own - places[j]] * unit;
  };
}

/**
 * Where a token stands in a flat table of offsets, up to a constant.
 * @param {number[]} dimensions
 */
function placesOf(dimensions) {
  const count = dimensions.reduce((all, size) => all * size, 1);
  return Int32Array.from({ length: count }, (_, token) => {
    let [place, stride, rest] = [0, 1, token];
    for (const size of dimensions.toReversed()) {
      place += (rest % size) * stride;
      rest = Math.floor(rest / size);
      stride *= 2 * size - 1;
    }
    return place;
  });
}

/**
 * Number and value of every weight that no code stands for.
 * @param {Uint16Array} codes
 * @param {Float32Array} large
 */
function listedOf(codes, large) {
  const listed = new Float32Array(2 * large.length);
  for (let i = 0, at = 0; at < listed.length; i++) {
    if (codes[i] !== LISTED) continue;
    listed[at] = i;
    listed[at + 1] = large[at / 2];
    at += 2;
  }
  return listed;
}

/**
 * The weights in two bytes each, and the large ones as they are: what `decoded` reads.
 * @param {Factors} told
 * @param {FactorParts} parts
 * @param {number} keys
 * @returns {{ codes: Uint16Array, listed: Float32Array }}
 */
export function codesOf({ width, unit, away, hidden, bias }, parts, keys) {
  const { rows } = parts;
  const [mine, theirs] = [
    numbersOf(parts.left, width * rows.length),
    numbersOf(parts.right, width * keys),
  ];
  const add = bias && biasOf(bias, /** @type {Uint8Array} */ (parts.offsets));
  const codes = new Uint16Array(rows.length * keys);
  const scores = new Float64Array(keys);
  rows.forEach((sum, i) => {
    productsOf(scores, { mine, theirs, query: i, queries: rows.length, width });
    for (let j = 0; j < keys; j++) scores[j] *= unit;
    add?.(scores, i);
    for (let j = 0; j < keys; j++) scores[j] = codeOf(exp(scores[j] - sum));
    for (const j of hidden) scores[j] = MASKED;
    codes.set(scores, i * keys);
  });
  correct(codes, numbersOf(parts.gaps, away), numbersOf(parts.away, away));
  return { codes, listed: listedOf(codes, parts.large) };
}

/**
 * @param {Uint16Array} codes
 * @param {Float64Array} gaps from one that is away to the next
 * @param {Float64Array} away
 */
function correct(codes, gaps, away) {
  for (let i = 0, at = -1; i < gaps.length; i++) {
    at += gaps[i];
    codes[at] += away[i];
  }
}

/**
 * Of one query and all keys: whole numbers.
 * @param {Float64Array} scores
 * @param {{ mine: Float64Array, theirs: Float64Array, query: number, queries: number,
 *   width: number }} of
 */
function productsOf(scores, { mine, theirs, query, queries, width }) {
  const keys = scores.length;
  scores.fill(0);
  let r = 0;
  for (; r + 3 < width; r += 4) {
    const [a, b, c, d] = [r * keys, (r + 1) * keys, (r + 2) * keys, (r + 3) * keys];
    const at = r * queries + query;
    const [p, q] = [mine[at], mine[at + queries]];
    const [s, t] = [mine[at + 2 * queries], mine[at + 3 * queries]];
    for (let j = 0; j < keys; j++) {
      scores[j] += p * theirs[a + j] + q * theirs[b + j] + (s * theirs[c + j] + t * theirs[d + j]);
    }
  }
  for (; r < width; r++) {
    const own = mine[r * queries + query];
    for (let j = 0; j < keys; j++) scores[j] += own * theirs[r * keys + j];
  }
}
