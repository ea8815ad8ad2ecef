// A strip in words: its title, the line under it, its label, and the same for tests.
/** @import { Place } from "../types.js" */
import { keyInWords } from "../numbers/axis.js";
import { indexAt, placeAt } from "../numbers/places.js";
import { placeName, times, weightSaid } from "../numbers/words.js";
import { dot, element } from "../page/elements.js";
import { renewWithin } from "../page/fitting.js";
import { change, note } from "../page/renewing.js";
import { nearby } from "./nearby_weights.js";
import { sharedUniform } from "./weighing.js";

/** @typedef {import("../panels/film_strip.js").FilmStrip} FilmStrip */

/** @param {Place[]} places */
export const namesOf = (places) =>
  places.length > 1 ? `${places.length} patches` : placeName(...places[0]);

/** @param {FilmStrip} strip @param {Place} patch */
const weightOf = ({ weights, head }, patch) => weights[indexAt(patch, head.grid)];

/** Whether the model was not shown this patch. @param {FilmStrip} strip @param {Place} patch */
const isMasked = ({ parts, head }, patch) => Boolean(parts.masked?.[indexAt(patch, head.grid)]);

/** @param {FilmStrip} strip @param {Place} patch */
function wordsOf(strip, patch) {
  const value = weightOf(strip, patch);
  const name = `${placeName(...patch)}${isMasked(strip, patch) ? " · masked" : ""}`;
  if (!Number.isFinite(value)) return `${name} · ${strip.head.absent.join(": ")}`;
  const uniform = uniformOf(strip, patch);
  const ratio = uniform ? ` · ${times(value, uniform)}` : "";
  return `${name} · ${strip.head.unit} ${weightSaid(value)}${ratio}`;
}

/**
 * What a query that does not choose gives each key: every query's own where some see less than
 * others; none for several together that differ.
 * @param {FilmStrip} strip
 * @param {Place} patch
 */
function uniformOf(strip, patch) {
  const { head, looked, isSummed, far } = strip;
  if (looked?.length > 1 && isSummed) return null;
  const map = nearby(head.weights);
  if (!map?.uniform) return (strip.byRow && far.uniformOf(looked ?? [])) || head.uniform;
  return sharedUniform(map, strip.byRow ? (looked ?? []) : [patch]);
}

// Where most of what is shown lies.
function most(strip) {
  const { weights } = strip;
  const at = weights.reduce((best, weight, i) => (weight > (weights[best] ?? -1) ? i : best), -1);
  if (at < 0) return "no weight to show";
  return `most at ${wordsOf(strip, placeAt(at, strip.head.grid))}`;
}

function saidHere(strip) {
  const { choice, follows, hovered, picked, head } = strip;
  if (choice.warning) return choice.warning;
  if (follows && hovered) return most(strip);
  const shown = hovered || picked;
  if (shown) return wordsOf(strip, shown);
  const more = head.still ? "" : ", click to pick it";
  return `point at a patch to read its ${head.unit}${more}`;
}

/** @param {FilmStrip} strip */
export function say(strip) {
  renewWithin(strip.find(".title"), ...title(strip));
  renewWithin(strip.find(".said"), saidHere(strip));
  const { picked } = strip;
  const asked = picked ? `Selected: ${wordsOf(strip, picked)}` : "No patch selected";
  const ariaLabel =
    `Video frames under attention weights. ${asked}. ` +
    "Arrow keys move the patch, with Shift they add one, Page Up and Page Down change the time " +
    "step, Space walks, Escape releases.";
  change(strip.strip, { ariaLabel });
  noteAll(strip);
}

function title(strip) {
  const { direction, many, aside, axes, still } = strip.head;
  if (still) return [direction];
  const places = strip.looked ?? [];
  const asked = element("b", { textContent: places.length ? namesOf(places) : "no patch chosen" });
  const what = strip.word === null ? direction : `reads ${keyInWords(axes.key, strip.word)}`;
  const said = places.length > 1 ? ` ${many} (${strip.tools.combine.value})` : ` ${what}`;
  const more = element("i", { textContent: aside ? ` · ${aside}` : "" });
  return [dot(strip.ownColour), asked, said, more];
}

const joined = (places) => (places ?? []).map((place) => place.join("."));

// For tests and other tools.
function noteAll(strip) {
  const { hovered, picked, memory, looked, scale, weights, word, guides, follows } = strip;
  const shown = hovered || picked;
  note(strip.strip, {
    patch: shown || "",
    weight: shown ? String(weightOf(strip, shown)) : "",
    picked: picked || "",
    also: joined(memory.places.slice(1)).join("_"),
    looked: joined(looked).join("_"),
    high: scale.high,
    masked: shown ? isMasked(strip, shown) : "",
    total: weights.reduce((sum, weight) => sum + (weight || 0), 0),
    key: memory.key || "",
    word: word ?? "",
    guides: guides.map(({ at, as }) => `${as} ${at}`).join(" "),
    follows,
    locked: Boolean(memory.locked),
  });
}
