// Colours as numbers: one pixel as ImageData holds it, on little-endian machines.

/**
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 */
export const pixel = (red, green, blue, alpha = 255) =>
  ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * @param {string} colour '#rrggbb'
 */
export function pixelOf(colour) {
  const number = Number.parseInt(colour.slice(1), 16);
  return pixel(number >> 16, (number >> 8) & 255, number & 255);
}

/** How much of what lies under it a colour covers: a share 0..1 of the scale -> 0..1.
 * @typedef {(share: number) => number} Cover */

/** @type {Cover} */
const opaque = () => 1;

/**
 * A table of 256 × 3 bytes -> 256 pixels.
 * @param {Uint8Array} table
 * @param {Cover} alpha
 */
export function pixels(table, alpha = opaque) {
  const found = new Uint32Array(table.length / 3);
  for (let i = 0; i < found.length; i++) {
    const [red, green, blue] = table.subarray(3 * i, 3 * i + 3);
    found[i] = pixel(red, green, blue, Math.round(255 * alpha(i / 255)));
  }
  return found;
}

/**
 * Two pixels mixed: share 1 is the first.
 * @param {number} one
 * @param {number} other
 * @param {number} share
 */
export function mixed(one, other, share) {
  if (share >= 1) return one;
  if (share <= 0) return other;
  /** @param {number} shift */
  const blend = (shift) =>
    Math.round(share * ((one >>> shift) & 255) + (1 - share) * ((other >>> shift) & 255));
  return pixel(blend(0), blend(8), blend(16));
}

/**
 * Whether words on this colour have to be dark.
 * @param {Uint8Array} rgb three bytes
 */
export const isBright = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue > 140;

/**
 * A colour bar as CSS: sixteen stops of the table are as good as 256.
 * @param {Uint8Array} table
 * @param {string} direction
 * @param {Cover} alpha
 */
export function gradient(table, direction, alpha = opaque) {
  const stops = Array.from({ length: 17 }, (_, i) => {
    const at = Math.min(255, 16 * i);
    return `rgb(${table.subarray(3 * at, 3 * at + 3).join(" ")} / ${alpha(at / 255)})`;
  });
  return `linear-gradient(${direction}, ${stops.join(", ")})`;
}
