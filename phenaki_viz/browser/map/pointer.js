// What the pointer does on a map: point, pick, pan, zoom.
/** @import { Part } from "../types.js" */
import { consume } from "../page/elements.js";

const DRAG = 4; // pixels before a press is a pan

export class Pointer {
  /**
   * @param {import("../panels/attention_map.js").AttentionMap} map
   * @param {HTMLCanvasElement} canvas
   */
  constructor(map, canvas) {
    this.map = map;
    this.canvas = canvas;
    /** @type {{ x: number, y: number, view: Part, id: number, panning?: boolean } | null} */
    this.press = null;
    this.dragged = false;
    canvas.onpointermove = (event) => this.moved(event);
    canvas.onpointerleave = () => map.point(null);
    canvas.onpointerdown = (event) => this.pressed(event);
    canvas.onpointerup = () => this.released();
    canvas.onpointercancel = () => this.released();
    canvas.onclick = (event) => this.clicked(event);
    canvas.ondblclick = () => map.zoom.reset();
    canvas.onwheel = (event) => this.wheeled(event);
  }

  /** @param {MouseEvent} event */
  at({ offsetX, offsetY }) {
    return this.map.geometry?.cellAt(offsetX, offsetY) ?? null;
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (this.press && this.map.zoom.isOn) this.pan(event);
    if (!this.press?.panning) this.map.point(this.at(event));
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    if (event.button !== 0) return;
    const { offsetX: x, offsetY: y, pointerId: id } = event;
    this.press = { x, y, view: this.map.view, id };
  }

  /** @param {PointerEvent} event */
  pan(event) {
    const {
      x,
      y,
      view: [r0, r1, c0, c1],
      id,
    } = this.press;
    const [dx, dy] = [event.offsetX - x, event.offsetY - y];
    if (!this.press.panning && Math.hypot(dx, dy) < DRAG) return;
    if (!this.press.panning) this.canvas.setPointerCapture(id);
    this.press.panning = true;
    this.canvas.classList.add("panning");
    this.map.hovered = null;
    const { width, height } = this.map.geometry.plot;
    const [down, right] = [(dy / height) * (r1 - r0), (dx / width) * (c1 - c0)];
    this.map.zoom.move([r0 - down, c0 - right], [r1 - r0, c1 - c0]);
  }

  released() {
    this.dragged = Boolean(this.press?.panning);
    this.press = null;
    this.canvas.classList.remove("panning");
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const cell = this.at(event);
    if (cell && !this.dragged) this.map.pick(...cell);
    this.dragged = false;
  }

  /**
   * The wheel scrolls the page until the map has been clicked or tabbed to (or with Ctrl).
   * @param {WheelEvent} event
   */
  wheeled(event) {
    const held = this.canvas.matches(":focus") || event.ctrlKey || event.metaKey;
    const at = this.map.geometry?.shareAt(event.offsetX, event.offsetY);
    if (!held || !at || (event.deltaY > 0 && !this.map.zoom.isOn)) return;
    consume(event);
    this.map.zoom.by(Math.exp(-event.deltaY * 0.0016), at);
    this.map.point(this.at(event));
  }
}
