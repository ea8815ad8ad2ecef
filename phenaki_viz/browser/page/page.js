// What all panels of a page have in common. One module, so there is one of each.
/** @import { Pair, Picture, Pick, Scale } from "../types.js" */

/** What a map that is here whole, every weight for itself, is offered as.
 * @param {string} name of the map */
export const weightsName = (name) => `weights ${name}`;

/** Two of everything may stand on a page, each in a slot: "b-" of the key "b-map", "" of "map". See
 * `named` of Python. @param {string} [key] */
export const slotOf = (key) => /^[a-z]-/.exec(key ?? "")?.[0] ?? "";

/** What is looked at. pick: the selection. last: the number of the last pick made here.
 * @typedef {{ pick: Pick | null, last: number }} Selected */

/** tell: what is asked for, once, when a picture of this is painted. of: the first words of what it
 * shows. @typedef {{ tell: string, of: string, told?: boolean }} Awaited */

export const page = {
  /** What one panel offers and others use: frames, weights, lines. @type {Map<string, any>} */
  shared: new Map(),
  /** Panels that show the selection. @type {Set<any>} */
  panels: new Set(),
  /** In each slot. @type {Map<string, Selected>} */
  selections: new Map(),
  /** Ends of the colours that were set by hand, where there is no Python to say them.
   * @type {Pair | null} */
  ends: null,
  /** The panel that walks a query, of which Python hears at its end. @type {any} */
  playing: null,
  /** What outlives a panel (a page turned and turned back): zoom, opacity, pick; by its key.
   * @type {Map<string, Record<string, any>>} */
  memories: new Map(),
  /** What is painted, by key. @type {Map<string, Picture>} */
  pictures: new Map(),
  /** What Python waits to hear of, by the key of the picture that it is. @type {Map<string, Awaited>} */
  awaited: new Map(),
  /** Texts that speak of pictures. @type {Set<any>} */
  texts: new Set(),
};

/**
 * What is looked at in a slot.
 * @param {string} slot
 * @returns {Selected}
 */
export function selectionOf(slot) {
  const selection = page.selections.get(slot) ?? { pick: null, last: 0 };
  page.selections.set(slot, selection);
  return selection;
}

/**
 * A selection that came from Python: all panels of its slot show it, unless a newer one that was
 * made here is on its way there.
 * @param {string} slot
 * @param {{ pick: Pick, seen: number }} selection
 */
export function select(slot, { pick, seen }) {
  const selection = selectionOf(slot);
  if (page.playing || seen < selection.last) return;
  selection.pick = pick;
  for (const panel of page.panels) if (panel.slot === slot) panel.onSelection(pick);
}

/**
 * What is awaited of a picture; said again, it is not told again.
 * @param {{ tell: string, by: string, of: string }} awaited
 */
export function awaitPaint({ tell, by, of }) {
  if (page.awaited.get(by)?.tell !== tell) page.awaited.set(by, { tell, of });
}

/**
 * Under one name there is one thing, the newest.
 * @param {string} name
 * @param {any} thing
 */
export function publish(name, thing) {
  page.shared.set(name, thing);
  for (const panel of page.panels) panel.offered?.(name);
}

/**
 * @param {string} name
 * @param {unknown} of only the thing of this is taken back
 */
export function withdraw(name, of) {
  if (page.shared.get(name)?.of === of) page.shared.delete(name);
}

/**
 * A scale, with the ends that were set by hand.
 * @param {Scale} scale
 * @returns {Scale}
 */
export function handed(scale) {
  if (!page.ends) return scale;
  const [low, high] = page.ends;
  const above = scale.most === null ? scale.above : scale.most > high;
  return { ...scale, low, high, above, hand: true, scope: "set by hand" };
}

/**
 * What is remembered of the panel with this key.
 * @param {string} key
 */
export function memoryOf(key) {
  const memory = page.memories.get(key) ?? {};
  page.memories.set(key, memory);
  return memory;
}
