/** @import { Message } from "../types.js" */

const TYPES = { float32: Float32Array, uint16: Uint16Array, uint8: Uint8Array };

/**
 * The other end of packing.py: one buffer -> { head, parts }.
 * @param {Uint8Array} data
 * @returns {Message}
 */
export function unpack(data) {
  const { buffer } = data.slice(); // the bytes may start anywhere: floats need a boundary of 4
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  /** @type {Message["parts"]} */
  const parts = {};
  let at = 4 + length;
  for (const [name, type, count] of head.parts) {
    const part = new TYPES[/** @type {keyof typeof TYPES} */ (type)](buffer, at, count);
    parts[name] = part;
    at += 4 * Math.ceil(part.byteLength / 4);
  }
  return { head, parts };
}
