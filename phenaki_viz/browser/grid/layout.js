// Where the tiles of the grid stand: by layer and head with the means apart, in an order of their
// own, or one head alone.
/** @import { Box, Pair } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";

export const GRID_FONT = 11;
export const BAR = 3; // pixels: the number of a head, as a bar under its tile
const LARGEST_TILE = 96;
const LARGEST_ALONE = 420;
const TALLEST_GRID = 640;
const MEANS_APART = 8;
const NAME = GRID_FONT + 4; // pixels over a tile that carries its own label

/** Layer and head. @typedef {Pair} Tile */
/** @typedef {{ tile: Tile, row: number, column: number }} Slot */
/** @typedef {Slot & { box: Box }} Placed */
/** named: every tile carries its own label.
 * @typedef {{
 *   slots: Placed[], size: Pair, tile: number, bar: number,
 *   left: number, top: number, gap: number, named: boolean,
 * }} Layout */

/** Of heads in lines: each layer's name, then its heads. */
const LINE_TILE = { largest: 30, least: 12, gap: 2 };
const LAYERS_APART = 12;

/**
 * All heads in as few lines as there is room for, layer after layer; a line is always as high.
 * @param {{ layers: string[], heads: string[] }} head
 * @param {number} width
 * @returns {Layout}
 */
export function layLines({ layers, heads }, width) {
  const { largest, least, gap } = LINE_TILE;
  /** @param {number} tile */
  const group = (tile) => heads.length * (tile + gap) + LAYERS_APART;
  const across = clamp(Math.floor(width / group(least)), 1, layers.length);
  const lines = Math.ceil(layers.length / across);
  const room = Math.floor(width / Math.ceil(layers.length / lines)) - LAYERS_APART;
  const tile = clamp(Math.floor(room / heads.length) - gap, 6, largest);
  const each = Math.ceil(layers.length / lines);
  const high = GRID_FONT + 3 + largest + gap + 3; // whatever the tiles, so that nothing moves
  const slots = allTiles(layers.length, heads.length).map((at) => {
    const [row, column] = [Math.floor(at[0] / each), at[0] % each];
    const x = 2 + column * group(tile) + at[1] * (tile + gap);
    const box = /** @type {Box} */ ([x, 2 + row * high + GRID_FONT + 3, tile, tile]);
    return { tile: at, row, column: column * heads.length + at[1], box };
  });
  const size = /** @type {Pair} */ ([2 + each * group(tile), 2 + lines * high]);
  return { slots, size, tile, bar: 0, left: 2, top: 2, gap, named: false };
}

/**
 * @param {{ layers: string[], heads: string[], order: Tile[] | null, means: boolean }} head
 * @param {{ width: number, tall: number, names: number[], barred: boolean, alone: boolean,
 *   picked: Tile }} room names: widths of the labels of layers; tall: 0 for any height
 * @returns {Layout}
 */
export function layTiles(head, { width, tall, names, barred, alone, picked }) {
  const { layers, heads, order, means } = head;
  const bar = barred ? BAR + 3 : 0;
  const gap = width < 480 ? 2 : 4;
  const named = Boolean(order || alone);
  const left = named ? 2 : Math.ceil(Math.max(...names)) + 8;
  const top = named ? 2 : GRID_FONT + 9;
  const over = named ? NAME : 0;
  const slots = alone ? [{ tile: picked, row: 0, column: 0 }] : slotsOf(head);
  const apart = means && !named ? MEANS_APART : 0;
  const columns = alone ? 1 : heads.length + (apart ? 1 : 0);
  const rows = Math.max(1, ...slots.map(({ row }) => row + 1));
  const across = Math.floor((width - left - 3 - apart) / columns) - gap;
  const most = tall > 0 ? tall - top - 3 : TALLEST_GRID;
  const down = Math.floor((most - apart) / rows) - gap - bar - over;
  const largest = alone ? LARGEST_ALONE : LARGEST_TILE;
  const tile = Math.max(6, Math.min(across, Math.max(down, tall > 0 ? 12 : 24), largest));
  const each = tile + bar + gap + over;
  /** @param {Slot} slot @returns {Placed} */
  const placed = (slot) => {
    const x = left + slot.column * (tile + gap) + (slot.tile[1] === heads.length ? apart : 0);
    const y = top + slot.row * each + (slot.tile[0] === layers.length ? apart : 0);
    return { ...slot, box: [x, y + over, tile, tile] };
  };
  const high = top + rows * each + apart + 3;
  const size = /** @type {Pair} */ ([left + columns * (tile + gap) + apart + 3, high]);
  return { slots: slots.map(placed), size, tile, bar, left, top, gap, named };
}

/**
 * @param {{ layers: string[], heads: string[], order: Tile[] | null, means: boolean }} head
 * @returns {Slot[]}
 */
function slotsOf({ layers, heads, order, means }) {
  const more = means ? 1 : 0;
  const across = order ? heads.length : heads.length + more;
  const tiles = order ?? allTiles(layers.length + more, heads.length + more);
  return tiles.map((tile, at) => ({ tile, row: Math.floor(at / across), column: at % across }));
}

/**
 * @param {number} layers
 * @param {number} heads
 */
const allTiles = (layers, heads) =>
  Array.from(
    { length: layers * heads },
    (_, at) => /** @type {Tile} */ ([Math.floor(at / heads), at % heads]),
  );

/**
 * @param {Tile | null} one
 * @param {Tile | null} other
 */
export const sameTile = (one, other) => String(one) === String(other);

/**
 * The neighbour of a tile on the grid; the tile itself at the edge.
 * @param {Slot[]} slots
 * @param {Tile} tile
 * @param {Pair} by down and right
 */
export function neighbour(slots, tile, [down, right]) {
  const here = slots.find((slot) => sameTile(slot.tile, tile)) ?? slots[0];
  if (!here) return tile;
  /** @param {Slot} slot */
  const there = ({ row, column }) => row === here.row + down && column === here.column + right;
  return (slots.find(there) ?? here).tile;
}

/**
 * The tile under a point of the canvas.
 * @param {Layout} layout
 * @param {number} left
 * @param {number} top
 * @returns {Tile | null}
 */
export function tileAt({ slots, bar, gap }, left, top) {
  /** @param {Placed} slot */
  const inside = ({ box: [x, y, width, height] }) =>
    left >= x && left < x + width + gap && top >= y && top < y + height + bar + gap;
  return slots.find(inside)?.tile ?? null;
}
