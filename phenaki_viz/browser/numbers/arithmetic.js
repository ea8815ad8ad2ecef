/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @param {Float32Array | number[]} numbers */
export const meanOf = (numbers) => sumOf(numbers) / numbers.length;

/** @param {Float32Array | number[]} numbers */
export function sumOf(numbers) {
  let sum = 0;
  for (const one of numbers) sum += one;
  return sum;
}
