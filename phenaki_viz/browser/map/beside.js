// What stands over and beside a map: what is left out, the legend, the buttons for zooming.
import { clamp } from "../numbers/arithmetic.js";
import { spoken } from "../numbers/words.js";
import { element, swatch } from "../page/elements.js";
import { NARROW } from "./layout.js";

/** @typedef {import("../panels/attention_map.js").AttentionMap} AttentionMap */

const ROOM = 300; // pixels of the legend where it lies under the map
const NEARER = 1.6;

/** Buttons, and how far the map is zoomed. */
export class ZoomButtons {
  /**
   * @param {AttentionMap} map
   * @param {HTMLElement} box
   */
  constructor(map, box) {
    this.map = map;
    const { zoom } = map;
    this.out = button("−", "Zoom out (−)", () => zoom.by(1 / NEARER));
    this.all = button("Whole map", "Whole map (0, Esc or double click)", () => zoom.reset());
    box.append(
      this.out,
      button("+", "Zoom in (+)", () => zoom.by(NEARER)),
      this.all,
    );
  }

  say() {
    const { zoom, top } = this.map;
    const { magnification, isOn } = zoom;
    top.classList.toggle("zoomed", magnification > 1);
    this.out.disabled = this.all.disabled = !isOn;
    this.all.textContent = `Whole map${isOn ? ` (now ${spoken(magnification, 2)} ×)` : ""}`;
  }
}

/** @type {(textContent: string, title: string, onclick: () => void) => HTMLButtonElement} */
const button = (textContent, title, onclick) =>
  element("button", { type: "button", textContent, title, ariaLabel: title, onclick });

/** @param {AttentionMap} map */
export function sayCut(map) {
  const box = map.find(".filter");
  const lines = map.head.rowFilter?.said ?? [];
  box.hidden = !lines.length;
  box.replaceChildren(
    ...lines.map((/** @type {string} */ textContent) => element("div", { textContent })),
  );
}

/** @param {AttentionMap} map */
export function drawLegend(map) {
  const { histogram, scale, tile, parts, width } = map;
  const { plot } = map.layout;
  const flat = width < NARROW;
  histogram.draw({
    scale,
    values: tile.measured,
    table: parts.table,
    length: flat ? Math.min(ROOM, plot.width) : clamp(plot.height - 88, 80, 240),
    flat,
    fixed: !map.head.tellsEnds,
    names: scale.names?.map(([colour, name]) => swatch(colour, name)),
    flags: flagsOf(map),
  });
}

/**
 * What colours stand for that are of no weight.
 * @param {AttentionMap} map
 */
function flagsOf({ tiles, head: { colours, rowFilter } }) {
  const flags = [
    ["masked", "masked"],
    ["wrong", "not a distribution"],
  ]
    .filter(([name]) => tiles.some((tile) => tile.has[name]))
    .map(([name, text]) => swatch(colours[name], text));
  return rowFilter ? [...flags, swatch(rowFilter.colour, "left out")] : flags;
}
