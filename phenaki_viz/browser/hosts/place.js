// One panel at its place, in whichever host: a shadow of its own with its style and its elements.
/** @import { Call } from "../types.js" */
import { element } from "../page/elements.js";
import attention_map from "../panels/attention_map.js";
import film_strip from "../panels/film_strip.js";
import head_grid from "../panels/head_grid.js";
import pinned_maps from "../panels/pinned_maps.js";

/** What a panel looks like before it draws: `elements_of` of Python.
 * @typedef {{ panel: string, html: string, css: string }} Dress */

/** @type {Record<string, (call: Call) => any>} */
const panels = { attention_map, film_strip, head_grid, pinned_maps };

export class Place {
  /** @type {Uint8Array | null} */
  data = null;
  /** @type {(() => void) | undefined} */
  leave;

  /**
   * @param {HTMLElement} outer
   * @param {Dress} dress
   * @param {(name: string, value: any) => void} tell
   */
  constructor(outer, { panel, html, css }, tell) {
    this.element = outer;
    this.show = panels[panel];
    this.tell = tell;
    this.root = outer.attachShadow({ mode: "open" });
    const elements = document.createElement("template");
    elements.innerHTML = html; // of the program itself
    this.root.append(element("style", { textContent: css }), elements.content);
  }

  /** @param {Uint8Array} data */
  draw(data) {
    this.data = data;
    this.leave = this.show({ data, parentElement: this.root, setStateValue: this.tell });
  }

  // In other colours.
  again() {
    if (this.data) this.draw(this.data);
  }

  close() {
    this.element.remove();
    this.leave?.();
  }
}
