// The linked panels as a notebook's widget, by the contract of anywidget: `render({ model, el })`.
import { element } from "../page/elements.js";
import { bytesOf } from "./bytes.js";
import { KernelLines } from "./kernel_lines.js";
import { Linked, NAMES } from "./linked.js";

/** The part of a widget's model that is used here.
 * @typedef {{ get(name: string): any, set(name: string, value: unknown): void,
 *   save_changes(): void, send(message: object): void,
 *   on(event: string, heard: (...told: any[]) => void): void,
 *   off(event: string, heard: (...told: any[]) => void): void }} Model */

/** Attributes that notebooks change with their theme. */
const THEMED = ["class", "style", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/** @param {{ model: Model, el: HTMLElement }} place @returns {() => void} */
function render({ model, el }) {
  const style = element("style", { textContent: model.get("_style") });
  const box = element("div", { className: "pv-notebook" });
  el.append(style, box);
  const linked = new Linked(box, model.get("_dresses"), (name, event, value) => {
    if (event === "unpin") linked.unpin(value.map);
    model.set("_event", { name, event, value });
    model.save_changes();
  });
  const lines = new KernelLines(model, model.get("_lines"));
  /** @type {[string, () => void][]} */
  const heard = [];
  /** @param {string} trait @param {() => void} answer */
  const follow = (trait, answer) => {
    const event = `change:${trait}`;
    model.on(event, answer);
    heard.push([event, answer]);
    answer();
  };
  const select = () => linked.select(model.get("_selection"));
  /** @param {string} trait */
  const sent = (trait) => bytesOf(model.get(trait));
  for (const trait of ["_film", "_pinned_lines"]) follow(trait, () => linked.share(sent(trait)));
  follow("_selection", select);
  for (const name of NAMES) {
    follow(`_${name}`, () => {
      select(); // of the map that comes with it
      linked.draw(name, sent(`_${name}`));
    });
  }
  const themes = new MutationObserver(() => linked.again());
  const options = { attributes: true, attributeFilter: THEMED };
  for (const root of [document.documentElement, document.body]) themes.observe(root, options);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const again = () => linked.again();
  dark.addEventListener("change", again);
  // JupyterLab puts the place on its page after this: only there does it have the page's colours.
  const placed = new ResizeObserver(() => {
    if (!box.clientWidth) return;
    placed.disconnect();
    again();
  });
  if (!box.isConnected) placed.observe(box);
  return () => {
    placed.disconnect();
    for (const [event, answer] of heard) model.off(event, answer);
    lines.close();
    themes.disconnect();
    dark.removeEventListener("change", again);
    linked.close();
    box.remove();
    style.remove();
  };
}

export default { render };
