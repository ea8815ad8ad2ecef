// What keys do on a map.
/** @import { Pair, Part } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";
import { ARROWS, consume, withoutModifiers } from "../page/elements.js";

/** @typedef {import("../panels/attention_map.js").AttentionMap} AttentionMap */

const NEARER = 1.6;

/**
 * @param {AttentionMap} map
 * @param {KeyboardEvent} event
 */
export function pressed(map, event) {
  const act = withoutModifiers(event) && actions(map)[event.key];
  if (!act) return;
  consume(event);
  map.hovered = null;
  act();
}

/**
 * @param {AttentionMap} map
 * @returns {Record<string, () => void>}
 */
function actions(map) {
  const share = () => shareOf(map.picked, map.view);
  const arrows = Object.entries(ARROWS).map(([name, by]) => [name, () => walk(map, ...by)]);
  return {
    ...Object.fromEntries(arrows),
    PageUp: () => walkGroup(map, -1),
    PageDown: () => walkGroup(map, 1),
    "+": () => map.zoom.by(NEARER, share()),
    "=": () => map.zoom.by(NEARER, share()),
    "-": () => map.zoom.by(1 / NEARER, share()),
    0: () => map.zoom.reset(),
    Escape: () => (map.zoom.isOn ? map.zoom.reset() : map.pick(map.picked[0], null)),
  };
}

/**
 * Where the pick stands in the plot: zooming by key keeps it there.
 * @param {[query: number, key: number | null]} picked
 * @param {Part} view
 * @returns {Pair}
 */
export function shareOf([query, key], [r0, r1, c0, c1]) {
  const column = key === null ? (c0 + c1) / 2 : key + 0.5;
  return [clamp((query + 0.5 - r0) / (r1 - r0), 0, 1), clamp((column - c0) / (c1 - c0), 0, 1)];
}

/**
 * @param {AttentionMap} map
 * @param {number} down
 * @param {number} right
 */
function walk(map, down, right) {
  const [query, key] = map.picked;
  const [rows, columns] = map.head.total;
  const next = right ? clamp((key ?? -right) + right, 0, columns - 1) : key;
  map.pick(clamp(query + down, 0, rows - 1), next);
}

/**
 * One time step up or down: the same patch when both steps are whole.
 * @param {AttentionMap} map
 * @param {number} by
 */
function walkGroup(map, by) {
  const {
    query: axis,
    total: [rows],
  } = map.head;
  const [query, key] = map.picked;
  const [, high, wide] = axis.grid ?? [0, 1, 8];
  const next = query + by * high * wide;
  if (next >= 0 && next < rows) map.pick(next, key);
}
