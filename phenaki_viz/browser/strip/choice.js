// What is chosen on a strip: one patch or some, and what others are told of it.
/** @import { Pick, Place } from "../types.js" */
import { indexOf, placeOf } from "../numbers/axis.js";
import { merged, samePlaces } from "../numbers/places.js";
import { namesOf } from "./said.js";

const READ = 2000; // milliseconds that a warning stays, however the pointer moves

export class Choice {
  /** @type {string | null} */
  warning = null;
  warnedUntil = 0;

  /** @param {import("../panels/film_strip.js").FilmStrip} strip */
  constructor(strip) {
    this.strip = strip;
  }

  // The pointer has moved on.
  forget() {
    if (performance.now() > this.warnedUntil) this.warning = null;
  }

  /** @param {Place | null} patch */
  pick(patch, add = false) {
    const { strip } = this;
    if (!patch) return;
    if (strip.head.still) {
      strip.point(patch); // a touch has no hover
      return;
    }
    this.choose(add && strip.picked ? merged(strip.chosen, [patch], true) : [patch]);
  }

  /** @param {Place[]} places those chosen are kept */
  add(places) {
    this.choose(merged(this.strip.chosen, places));
  }

  /** @param {Place[]} places of which the last one counts where only one can be chosen */
  choose(places) {
    const { strip } = this;
    const {
      memory,
      head: { most },
    } = strip;
    const chosen = most === 1 ? places.slice(-1) : places;
    strip.walk.halt();
    if (chosen.length > most) {
      this.warn(`at most ${most} patches together, this would be ${chosen.length}`);
      return;
    }
    const held = memory.locked;
    this.warning = null;
    memory.locked = true;
    if (samePlaces(chosen, strip.chosen)) {
      if (held) strip.paint();
      else strip.hold(true);
      return;
    }
    memory.places = chosen;
    strip.soon("chose"); // with the other pictures: what changes is laid out once
    this.tell();
  }

  sayAloud() {
    const { chosen } = this.strip;
    if (chosen) this.strip.sayAloud(`Selected: ${namesOf(chosen)}`);
  }

  warn(warning) {
    this.warning = warning;
    this.warnedUntil = performance.now() + READ;
    this.strip.paint();
  }

  // What it is on the map that it belongs to.
  asPick() {
    const {
      picked,
      chosen,
      head: { axes, side },
    } = this.strip;
    if (!axes) return {};
    const query = indexOf(axes.query, picked);
    const key = side === "column" ? { key: indexOf(axes.key, picked) } : {};
    return { query, ...key, places: chosen };
  }

  tell() {
    const { chosen, tools } = this.strip;
    this.strip.pickTogether(this.asPick(), { places: chosen, combine: tools.combine.value });
  }

  /**
   * @param {Pick} pick
   * @returns {boolean} whether that changes anything here
   */
  adopt({ link, query, key, places }) {
    const {
      memory,
      head: { axes, side, link: own },
    } = this.strip;
    const names = ["places", "key", "word"];
    const kept = () => JSON.stringify(names.map((name) => memory[name]));
    const before = kept();
    const mine = link === own;
    const isKey = side === "column" && Number.isInteger(key);
    const named = isKey ? placeOf(axes.key, key) : placeOf(axes.query, query);
    memory.places = places ?? (mine ? [named ?? [query, 0, 0]] : memory.places?.slice(0, 1));
    memory.key = mine && Number.isInteger(key) ? placeOf(axes.key, key) : null;
    memory.word = mine && Number.isInteger(key) ? key : null;
    return before !== kept();
  }
}
