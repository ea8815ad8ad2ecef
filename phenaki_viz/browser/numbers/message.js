// One buffer of a header and typed arrays, each on a boundary of 4 bytes: see packing.py.
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

/**
 * As packing.py makes it, for what is put together here.
 * @param {Message} message
 * @returns {Uint8Array}
 */
export function pack({ head, parts }) {
  const named = Object.entries(parts);
  const listed = named.map(([name, part]) => [name, typeOf(part), part.length]);
  const text = new TextEncoder().encode(JSON.stringify({ ...head, parts: listed }));
  const first = 4 + aligned(text.length);
  const size = named.reduce((all, [, part]) => all + aligned(part.byteLength), first);
  const data = new Uint8Array(size).fill(32, 4, first);
  new DataView(data.buffer).setUint32(0, first - 4, true);
  data.set(text, 4);
  let at = first;
  for (const [, { buffer, byteOffset, byteLength }] of named) {
    data.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += aligned(byteLength);
  }
  return data;
}

/** @param {number} length */
const aligned = (length) => 4 * Math.ceil(length / 4);

/** @param {unknown} part */
function typeOf(part) {
  const found = Object.entries(TYPES).find(([, type]) => part instanceof type);
  if (!found) throw new TypeError("a part is of a type that no message holds");
  return found[0];
}
