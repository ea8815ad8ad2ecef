// Pinned heads put together from the maps of each, where there is no Python to do it: what
// pinned_message.py sends, but of every weight that is here.
/** @import { Message, Scale } from "../types.js" */
import { drawnRange, scaleOver } from "../numbers/ends.js";
import { measurer } from "../numbers/scale.js";

const SCOPE = "all pinned heads";

/** A map: its message, its values as they were read from that, and what the head is called.
 * @typedef {{ label: string, message: Message, values: Float32Array }} Pinned */

/**
 * @param {Pinned[]} maps of one stack and batch item: of one size
 * @param {Message} strip whose frames and places they have
 * @param {{ id: string, whole: boolean }} about whole: colours end at the largest weight
 * @returns {Message} for the panel `pinned_maps`
 */
export function together(maps, strip, { id, whole }) {
  const [{ message }] = maps;
  const { shape, total, cell, colours, query, key, link } = message.head;
  const { film, size, steps, grid, side } = strip.head;
  const { table, uniform } = message.parts;
  const values = joined(maps.map((map) => map.values));
  return {
    head: {
      ...{ id, labels: maps.map(({ label }) => label), shape, total, cell, colours },
      ...{ query, key, link, film, size, steps, grid, side, lines: "", shows: "", push: null },
      scale: scaleOf(values, message, whole),
      notes: [saidCell(cell)],
    },
    parts: { table, uniform, values },
  };
}

/**
 * @param {Float32Array} values
 * @param {Message} message
 * @param {boolean} whole
 * @returns {Scale}
 */
function scaleOf(values, { head, parts }, whole) {
  const { shape, total, cell } = head;
  const { law, high, hand } = /** @type {Scale} */ (head.scale);
  const measure = measurer({ law }, parts.uniform, { window: [0, total[0]], cell, shape });
  const measured = law === "uniform" ? values.map(measure) : values;
  if (!hand) return scaleOver(measured, { law, whole, scope: SCOPE });
  const { most } = drawnRange(measured);
  return { ...head.scale, most, above: most > high };
}

/** @param {Float32Array[]} parts */
function joined(parts) {
  const values = new Float32Array(parts.reduce((all, part) => all + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return values;
}

/** @param {number[]} cell */
function saidCell([tall, wide]) {
  return tall * wide === 1 ? "every weight" : `mean of ${tall} × ${wide} weights`;
}
