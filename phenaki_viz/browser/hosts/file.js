// A page that stands by itself, opened from disk: its panels and their data lie in it.
/** @import { Call } from "../types.js" */
import { make } from "../page/elements.js";
import attention_map from "../panels/attention_map.js";
import film_strip from "../panels/film_strip.js";
import head_grid from "../panels/head_grid.js";

const PANELS = "phenaki-viz-panels"; // the element that holds them as JSON, see file_page.py

/** What a page says of one panel; `data` deflated, as base64; `at`: the id of its place.
 * @typedef {{ panel: string, at: string, html: string, css: string, data: string }} Told */

/** What a file can hold. @type {Record<string, (call: Call) => unknown>} */
const panels = { attention_map, film_strip, head_grid };

/**
 * @param {(call: Call) => unknown} panel
 * @param {Told} told
 */
async function mount(panel, { at, html, css, data }) {
  const root = document.getElementById(at).attachShadow({ mode: "open" });
  const elements = document.createElement("template");
  elements.innerHTML = html;
  root.append(make("style", { textContent: css }), elements.content);
  const call = { data: await inflated(data), parentElement: root, setStateValue() {} };
  panel(call);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => panel(call));
}

/**
 * @param {string} text base64 of what zlib deflated
 */
async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @type {Told[]} */
const told = JSON.parse(document.getElementById(PANELS).textContent);
for (const one of told) mount(panels[one.panel], one);
