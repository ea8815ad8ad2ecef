// A page that stands by itself, opened from disk: its panels and their data lie in it.
import { inflated } from "../numbers/letters.js";
import { element } from "../page/elements.js";
import shared from "../panels/shared.js";
import { LinkedFile } from "./file_linked.js";
import { Place } from "./place.js";

const PANELS = "phenaki-viz-panels"; // the elements that hold them as JSON, see file_page.py
const LINKED = "phenaki-viz-linked";

/** What a page says of one panel; `data` as `deflated` made it; `at`: the id of its place.
 * @typedef {{ panel: string, at: string, html: string, css: string, data: string }} Told */

/** @param {Told} told */
async function mount({ at, data, ...dress }) {
  const content = await inflated(data);
  if (dress.panel === "shared") return shared({ data: content });
  const place = new Place(document.getElementById(at), dress, () => {});
  place.draw(content);
  redrawn(place);
}

/** @param {{ again: () => void }} what */
function redrawn(what) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => what.again());
}

/** @param {string} id */
const json = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

async function open() {
  for (const one of json(PANELS) ?? []) await mount(one);
  const told = json(LINKED);
  if (!told) return;
  const box = document.getElementById(told.at).appendChild(element("div"));
  const file = new LinkedFile(box, told);
  await file.open();
  redrawn(file.linked);
}

open();
