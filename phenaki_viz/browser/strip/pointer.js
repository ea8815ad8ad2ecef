// What the pointer does on a strip: point, pick, draw a box of patches.
/** @import { Place } from "../types.js" */
import { boxOf, patchAt, samePlaces } from "../numbers/places.js";

export class Pointer {
  /**
   * @param {import("../panels/film_strip.js").FilmStrip} strip
   * @param {HTMLElement} box
   */
  constructor(strip, box) {
    this.strip = strip;
    /** @type {{ patch: Place, add: boolean } | null} */
    this.press = null;
    this.drawn = false; // whether a box was drawn by the press that a click ends
    box.onpointermove = (event) => this.moved(event);
    box.onpointerleave = () => strip.point(null);
    box.onpointerdown = (event) => this.pressed(event);
    box.onpointerup = () => this.released();
    box.onpointercancel = () => this.released();
    box.onclick = (event) => this.clicked(event);
    box.onblur = () => strip.point(null);
  }

  /**
   * The patch under the pointer.
   * @param {MouseEvent} event
   * @returns {Place | null}
   */
  at({ target, offsetX, offsetY }) {
    const { canvases, apart, head, frame } = this.strip;
    const canvas = /** @type {HTMLCanvasElement} */ (target);
    const t = canvases.findIndex((step, at) => step.includes(canvas) || apart[at] === canvas);
    if (t < 0 || !frame) return null;
    return patchAt(t, offsetX, offsetY, frame, head.grid);
  }

  /** @param {PointerEvent} event */
  moved(event) {
    const patch = this.at(event);
    const { press, strip } = this;
    if (press && patch && patch[0] === press.patch[0] && !samePlaces(patch, press.patch)) {
      strip.band = boxOf(press.patch, patch);
      strip.soon("paintBand");
    } else if (!strip.band) strip.point(patch);
  }

  /**
   * A finger scrolls the page: boxes are drawn by mouse or pen.
   * @param {PointerEvent} event
   */
  pressed(event) {
    this.strip.tools.close();
    const patch = this.at(event);
    const isFinger = event.pointerType === "touch";
    if (this.strip.head.still || event.button !== 0 || isFinger || !patch) return;
    this.press = { patch, add: event.shiftKey };
    this.drawn = false;
  }

  released() {
    const { press, strip } = this;
    const { band } = strip;
    this.press = strip.band = null;
    this.drawn = Boolean(band);
    if (band && press.add) strip.choice.add(band);
    else if (band) strip.choice.choose(band);
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    if (!this.drawn) this.strip.choice.pick(this.at(event), event.shiftKey);
    this.drawn = false;
  }
}
