// Numbers and places in words.

/**
 * A number as one reads it: digits enough to tell weights apart, a real minus.
 * @param {number} value
 */
export function spoken(value, digits = 4) {
  if (Math.abs(value) >= 10 ** digits && Math.abs(value) < 1e7) {
    return String(Math.round(value)).replaceAll("-", "−");
  }
  const small = value !== 0 && Math.abs(value) < 1e-4;
  const text = small ? value.toExponential(digits - 1) : value.toPrecision(digits);
  const [mantissa, exponent] = text.split("e");
  return (Number(mantissa) + (exponent ? `e${Number(exponent)}` : "")).replaceAll("-", "−");
}

/**
 * A weight, by the digits that came across: see weight_codes.py.
 * @param {number} value
 */
export const weightSaid = (value) => spoken(value, Math.abs(value) < 1e-4 ? 3 : 4);

/**
 * @param {number} value
 * @param {number} uniform what a query that does not choose gives
 */
export const times = (value, uniform) => `${spoken(value / uniform, 2)}\u00a0×\u00a0uniform`;

/**
 * @param {number} step
 * @param {number} row
 * @param {number} column
 */
export const placeName = (step, row, column) => `time ${step}, row ${row}, column ${column}`;

/**
 * What stands under the frames of a time step: which step, and which frames.
 * @param {number} step
 * @param {number[]} frames
 */
export function captionOf(step, frames) {
  const [first, last] = [frames[0], frames[frames.length - 1]];
  const which = first === last ? `frame ${first}` : `frames ${first}–${last}`;
  return [`time ${step}`, ` · ${which}`];
}
