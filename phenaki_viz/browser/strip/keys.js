// What keys do on a strip.
import { inside } from "../numbers/places.js";
import { consume, PATCH_MOVES, withoutModifiers } from "../page/elements.js";

/** @typedef {import("../panels/film_strip.js").FilmStrip} FilmStrip */

/**
 * @param {FilmStrip} strip
 * @param {KeyboardEvent} event
 */
export function pressed(strip, event) {
  if (!withoutModifiers(event)) return;
  const { still } = strip.head;
  if (event.key === " " && !still) strip.walk.toggle();
  else if (event.key === "Escape" && !still) release(strip);
  else if (!move(strip, event)) return;
  consume(event);
}

/** @param {FilmStrip} strip */
function release(strip) {
  strip.walk.stop();
  if (strip.chosen?.length > 1) strip.choice.choose([strip.picked]);
  else strip.hold(false);
}

/**
 * @param {FilmStrip} strip
 * @param {KeyboardEvent} event
 */
function move(strip, event) {
  const by = PATCH_MOVES[event.key];
  if (!by) return false;
  const {
    chosen,
    picked,
    head: { still, grid },
  } = strip;
  const from = (still ? (strip.hovered ?? picked) : chosen?.at(-1)) || [0, 0, 0];
  if (!still) strip.hovered = null;
  const to = inside([from[0] + by[0], from[1] + by[1], from[2] + by[2]], grid);
  if (event.shiftKey && picked && !still) strip.choice.add([to]);
  else strip.choice.pick(to);
  return true;
}
