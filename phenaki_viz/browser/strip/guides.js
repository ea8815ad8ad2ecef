// What is pointed at here, for other pictures of the same tokens; and what they point at, here.
/** @import { Axis, Place, Point } from "../types.js" */
import { indexOf, placeOf } from "../numbers/axis.js";

/** @typedef {{ query: Axis, key: Axis }} Axes */

/**
 * What a map shows of a patch that is pointed at on a strip.
 * @param {Place} place
 * @param {{ axes: Axes | null, side: string, word: number | null }} head
 * @param {boolean} follows whether the strip shows the weights of that patch
 * @returns {Point | null}
 */
export function pointOf(place, { axes, side, word }, follows) {
  if (!axes) return null;
  const asked = word !== null || (side === "row") === follows;
  return asked ? { query: indexOf(axes.query, place) } : { key: indexOf(axes.key, place) };
}

/**
 * The patches that another picture points at.
 * @param {Point | null} point
 * @param {Axes} axes
 * @returns {{ as: string, at: Place }[]}
 */
export function guidesOf(point, axes) {
  /** @type {("query" | "key")[]} */
  const sides = ["query", "key"];
  return sides.flatMap((as) => {
    const at = Number.isInteger(point?.[as]) && placeOf(axes[as], Number(point?.[as]));
    return at ? [{ as, at }] : [];
  });
}
