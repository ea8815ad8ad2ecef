// The controls of a strip: how several patches are put together, following the pointer, drawing.
import { consume, element } from "../page/elements.js";
import { change } from "../page/renewing.js";
import { OPACITY } from "./colours.js";

/** What is remembered of how a strip is drawn, and what Python is told of it. */
const LOOK = { opacity: OPACITY, contrast: 1, lines: false, beside: false, bare: false };

/** `strip` has memory, head, soon, hold(locked), recombine() and tellLook(look). */
export class Tools {
  /**
   * @param {import("../panels/film_strip.js").FilmStrip} strip
   * @param {HTMLElement} box
   */
  constructor(strip, box) {
    this.strip = strip;
    this.slider = this.range("opacity", { min: 0, max: 1, step: 0.01 });
    this.contrast = this.range("contrast", { min: 1, max: 10, step: 0.1 });
    this.lines = this.check((on) => this.turn("lines", on));
    this.beside = this.check((on) => this.turn("beside", on));
    this.hatched = this.check((on) => this.turn("bare", !on));
    this.hatching = element("label", {}, this.hatched, "hatch masked");
    const ariaLabel = "How several patches are put together";
    const ways = ["mean", "sum"].map((value) => element("option", { value, textContent: value }));
    this.combine = element("select", { ariaLabel, onchange: () => strip.recombine() }, ...ways);
    const title = "Show where the patch under the pointer looks; a click holds it (Esc)";
    const onclick = () => strip.hold(!strip.memory.locked);
    this.follow = element("button", {
      type: "button",
      title,
      onclick,
      textContent: "Follow pointer",
    });
    this.drawing = element(
      "details",
      {},
      element("summary", { textContent: "Drawn" }),
      this.drawn(),
    );
    this.drawing.onkeydown = (event) => this.shut(event);
    this.drawing.addEventListener("focusout", ({ relatedTarget: to }) => {
      if (to && !this.drawing.contains(/** @type {Node} */ (to))) this.close();
    });
    box.append(this.combine, this.follow, this.drawing);
  }

  drawn() {
    const contrast = { title: "Colours end at a lower weight" };
    const beside = { title: "Weights under the frames, not over them" };
    return element(
      "div",
      { className: "box" },
      element("label", {}, "overlay", this.slider),
      element("label", contrast, "contrast", this.contrast),
      element("label", beside, this.beside, "apart"),
      element("label", {}, this.lines, "patch grid"),
      this.hatching,
    );
  }

  range(name, limits) {
    const range = element("input", { type: "range", ...limits });
    range.oninput = () => this.set(name, range.valueAsNumber);
    range.onchange = () => this.tell();
    return range;
  }

  check(turned) {
    const box = element("input", { type: "checkbox" });
    box.onchange = () => turned(box.checked);
    return box;
  }

  set(name, value) {
    this.strip.memory[name] = value;
    this.strip.soon("draw");
  }

  turn(name, on) {
    this.set(name, on);
    this.tell();
  }

  tell() {
    const { memory } = this.strip;
    const look = Object.keys(LOOK).map((name) => [name, memory[name]]);
    if (this.strip.head.tellsLook) this.strip.tell("look", Object.fromEntries(look));
  }

  // What is remembered, what a link asks for, or as always.
  take() {
    const { memory, head, parts } = this.strip;
    for (const [name, value] of Object.entries(LOOK)) memory[name] ??= head.look?.[name] ?? value;
    this.slider.value = memory.opacity;
    this.contrast.value = memory.contrast;
    this.lines.checked = memory.lines;
    this.beside.checked = memory.beside;
    this.hatched.checked = !memory.bare;
    this.hatching.hidden = !parts.masked;
  }

  say() {
    const { strip } = this;
    this.slider.disabled = Boolean(strip.memory.beside);
    this.follow.disabled = !strip.near;
    change(this.follow, { ariaPressed: String(strip.follows) });
    change(this.combine, { hidden: strip.memory.places.length < 2 });
  }

  shut(event) {
    if (event.key !== "Escape") return;
    consume(event);
    this.close();
    /** @type {HTMLElement} */ (this.drawing.firstChild).focus();
  }

  close() {
    this.drawing.open = false;
  }
}
