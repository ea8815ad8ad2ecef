// What stands under the frames of a time step: all of it, or the step alone where frames are small.
import { element } from "./elements.js";

const LETTER = 4.6; // pixels, of 11 px in bold type, which the chosen step's has
const BESIDE = 6; // pixels that a caption may be wider than its frames: steps stand further apart

/**
 * @param {string[]} parts the step; then which frames, left out where they do not fit; then more
 */
export function captioned([step, which, ...more]) {
  const frames = element("span", { className: "which", textContent: which });
  const title = [step, which, ...more].join("");
  return element("figcaption", { title }, step, frames, ...more);
}

/**
 * Give the box of a step its width; of what is under it, no more than keeps clear of the next.
 * @param {Element} box
 * @param {number} wide
 */
export function widen(box, wide) {
  const step = /** @type {HTMLElement} */ (box);
  step.style.width = `${wide}px`;
  const said = step.querySelector("figcaption")?.title ?? "";
  step.classList.toggle("tight", isTight(said, wide));
}

/**
 * Whether a caption is wider than its frames may be.
 * @param {string} said
 * @param {number} wide
 */
export const isTight = (said, wide) => said.length * LETTER > wide + BESIDE;
