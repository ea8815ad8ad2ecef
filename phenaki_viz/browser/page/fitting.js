// Texts in boxes of a fixed size are clipped only where they do not fit: at each word that changes
// within a clip the browser arranges all layers of the page anew, a quarter of what a click takes.
import { element } from "./elements.js";
import { renew } from "./renewing.js";

/** What stands in a box, as wide and as high as its words. @type {WeakMap<Element, HTMLElement>} */
const texts = new WeakMap();

/** Hears between layout and paint, so nothing is seen that is not clipped.
 * @type {ResizeObserver | undefined} */
let watch;

/**
 * As `renew`, with the class `over` for a box that is too small.
 * @param {HTMLElement} box
 * @param {...(Node | string)} children
 */
export function renewWithin(box, ...children) {
  const text = texts.get(box) ?? placed(box);
  if (box.classList.contains("over")) {
    box.classList.remove("over");
    // Asked anew: as wide as before it was clipped, it would not be heard of.
    watch?.unobserve(text);
    watch?.observe(text);
  }
  renew(text, ...children);
}

/** @param {HTMLElement} box */
function placed(box) {
  const text = element("span", { className: "text" });
  texts.set(box, text);
  box.replaceChildren(text);
  watch ??= new ResizeObserver((changed) => {
    for (const { target } of changed) clip(target);
  });
  watch.observe(text);
  watch.observe(box);
  return text;
}

/** @param {Element} changed a box or what stands in it */
function clip(changed) {
  const box = texts.has(changed) ? changed : changed.parentElement;
  const text = box && texts.get(box);
  if (!text || box.classList.contains("over")) return;
  const [wide, tall] = [text.offsetWidth - box.clientWidth, text.offsetHeight - box.clientHeight];
  box.classList.toggle("over", Math.max(wide, tall) > 1);
}
