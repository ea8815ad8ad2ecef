// What the colours over frames stand for.
import { gradient } from "../numbers/colour.js";
import { saidEnd, saidLaw, saidTop } from "../numbers/scale.js";
import { element, swatch } from "../page/elements.js";
import { renew } from "../page/renewing.js";

/** @param {import("./frames.js").FilmFrames} film */
export function drawLegend(film) {
  const { scale, memory, table, cover, weights, head, parts } = film;
  const bar = element("span", { className: "bar" });
  bar.style.backgroundImage = gradient(table, "to right", cover);
  const top = saidTop({ ...scale, above: scale.above || memory.contrast > 1 });
  const said = [saidEnd(scale.low, scale.law), bar, top, ` · ${saidLaw(scale)}`];
  if (weights?.some(Number.isNaN)) said.push(swatch(head.colours.masked, head.absent[0]));
  if (parts.masked && !memory.bare) {
    const mark = element("span", { className: "hatch" });
    said.push(element("span", { className: "swatch" }, mark, "masked input"));
  }
  renew(film.find(".legend"), ...said);
}
