// The decoding of a video in words, what its colours mean, and the same for tests.
import { indexAt } from "../numbers/places.js";
import { element, swatch } from "../page/elements.js";
import { explained } from "../page/terms.js";
import { wordsOf } from "./tokens.js";

/** @typedef {import("../panels/sampling_player.js").SamplingPlayer} SamplingPlayer */

/** @param {SamplingPlayer} player */
export function say(player) {
  const { tokens, token, step, head, strip, scrub } = player;
  const words = head.sentences[step];
  player.find(".at").replaceChildren(...explained(words, head.terms));
  const shown = player.hovered ?? token;
  player.find(".said").textContent = shown ? wordsOf(tokens, shown) : "";
  scrub.ariaValueText = words;
  strip.ariaLabel =
    `The video as the tokens stand. ${words} ` +
    `Selected: ${token ? wordsOf(tokens, token) : "no token"}. ` +
    "Arrow keys move the token, Page Up and Page Down the time step.";
  Object.assign(strip.dataset, {
    token: shown ?? "",
    confidence: shown ? String(tokens.confidence[indexAt(shown, tokens.grid)]) : "",
  });
}

/** @param {SamplingPlayer} player */
export function sayColours(player) {
  const { given, colours } = player.head;
  player
    .find(".legend")
    .replaceChildren(
      swatch(colours.filled, "filled in"),
      swatch(colours.changed, "with another code"),
      swatch(colours.again, "masked again next"),
      element("span", {}, given ? "no colour: kept or given" : "no colour: kept"),
    );
}
