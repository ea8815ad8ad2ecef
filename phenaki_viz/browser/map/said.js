// The line under a map, its label for those who cannot see it, and the same for tests.
import { cellName } from "../numbers/axis.js";
import { rankOf } from "../numbers/row_filter.js";
import { dot, element, inLine } from "../page/elements.js";
import { renewWithin } from "../page/fitting.js";
import { change, note } from "../page/renewing.js";
import { weightWords } from "./reading.js";

/** @typedef {import("../panels/attention_map.js").AttentionMap} AttentionMap */

/** @type {(axis: import("../types.js").Axis, at: number) => string} */
const named = (axis, at) => `${axis.title} ${cellName(axis, at)}`;

/**
 * @param {AttentionMap} map
 * @param {number} query
 * @param {number} key
 */
function wordsOf(map, query, key) {
  const { head, parts } = map;
  const found = map.reading(query, key);
  const weight = found ? weightWords(found, head, parts.uniform) : "loading";
  return [named(head.query, query), named(head.key, key), weight];
}

/** @param {AttentionMap} map */
export function saidOfPick(map) {
  const [query, key] = map.picked;
  if (key === null) return `Selected: ${named(map.head.query, query)}`;
  return `Selected: ${wordsOf(map, query, key).join(", ")}`;
}

/** @param {AttentionMap} map */
export function say(map) {
  renewWithin(map.find(".said"), ...saidOfCell(map));
  const { query, key } = map.head;
  const moves = `Arrow keys move ${query.title} and ${key.title}`;
  change(map.top, { ariaLabel: `${labelOf(map)}. ${saidOfPick(map)}. ${moves}.` });
  noteAll(map);
}

/** @param {AttentionMap} map */
function labelOf({ head: { query, unit } }) {
  return query.title === "query" ? "Attention map" : `Map, ${unit}`;
}

/**
 * The cell that is read: under the pointer here, else under it on another map of the same tokens,
 * so that maps side by side say their numbers of one cell together; else the pick.
 * @param {AttentionMap} map
 * @returns {[query: number, key: number | null]}
 */
function cellRead(map) {
  if (map.hovered) return map.hovered;
  const { query, key } = map.guide ?? {};
  const here = Number.isInteger(query) && Number.isInteger(key);
  return here && map.reading(query, key) ? [query, key] : map.picked;
}

/** @param {AttentionMap} map */
function saidOfCell(map) {
  const { colours, query: axis } = map.head;
  const [query, key] = cellRead(map);
  if (key === null) {
    const hint = " · point at a cell to read it, click to pick it";
    return [
      dot(colours.query),
      named(axis, query),
      element("span", { className: "hint", textContent: hint }),
    ];
  }
  const [asked, read, weight] = wordsOf(map, query, key);
  const said = element("b", { textContent: weight });
  return [
    dot(colours.query),
    inLine(asked),
    " → ",
    dot(colours.key),
    inLine(read),
    element("br"),
    said,
  ];
}

/**
 * For tests and other tools: the cell under the pointer, or the pick, in full precision.
 * @param {AttentionMap} map
 */
function noteAll(map) {
  const { head, guide, memory } = map;
  const [query, key] = map.hovered ?? map.picked;
  const found = key === null ? null : map.reading(query, key);
  const rowFilter = found?.tile.rowFilter;
  note(map.top, {
    query,
    key: key ?? "",
    weight: found ? String(found.value) : "",
    rank: (found && rankOf(found.tile, head.total[1], found.index)) ?? "",
    shown: rowFilter ? [rowFilter.shown(found.index), rowFilter.kept(found.index)] : "",
    picked: map.picked.map((at) => at ?? ""),
    also: memory.also ?? "",
    guide: guide ? [guide.query ?? "", guide.key ?? ""] : "",
  });
}
