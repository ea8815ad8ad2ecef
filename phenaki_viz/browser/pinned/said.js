// Pinned maps in words: what each holds at a cell, and the same for tests.
import { cellName } from "../numbers/axis.js";
import { gradient } from "../numbers/colour.js";
import { saidEnd, saidLaw, saidTop } from "../numbers/scale.js";
import { times, weightSaid } from "../numbers/words.js";
import { dot, element } from "../page/elements.js";

/** @typedef {import("../panels/pinned_maps.js").PinnedMaps} PinnedMaps */

/** @param {PinnedMaps} maps */
export function say(maps) {
  const [query, key] = maps.hovered ?? maps.picked;
  maps.find(".said").replaceChildren(...placeSaid(maps, query, key), ...eachSaid(maps, query, key));
  maps.canvases.forEach((canvas, map) => {
    note(maps, canvas, map, query, key);
  });
}

function placeSaid({ head }, query, key) {
  const asked = [dot(head.colours.query), `query ${cellName(head.query, query)}`];
  if (key === null) return [...asked, element("br")];
  return [...asked, " → ", dot(head.colours.key), `key ${cellName(head.key, key)}`, element("br")];
}

function eachSaid(maps, query, key) {
  if (key === null) return [];
  const { cell, labels } = maps.head;
  const many = Math.max(...cell) > 1 ? `mean of ${cell[0]} × ${cell[1]} weights: ` : "weight ";
  const each = labels.map((label, map) => {
    const words = weightWords(maps.reading(map, query, key), maps.parts.uniform[query]);
    return element(
      "span",
      { className: "each" },
      element("b", { textContent: `${label} ` }),
      words,
    );
  });
  return [many, ...each];
}

function weightWords(value, uniform) {
  if (Number.isNaN(value)) return "masked";
  if (!Number.isFinite(value)) return "no distribution";
  return `${weightSaid(value)} (${times(value, uniform)})`;
}

// For tests and other tools.
function note(maps, canvas, map, query, key) {
  const { head, picked, size } = maps;
  const label = head.labels[map];
  const weight = key === null ? "" : maps.reading(map, query, key);
  Object.assign(canvas.dataset, { query, key: key ?? "", weight, label, size });
  canvas.dataset.picked = String(picked.map((at) => at ?? ""));
  canvas.ariaLabel =
    `Pinned ${label}. Selected: query ${cellName(head.query, picked[0])}. ` +
    "Arrow keys move query and key in all pinned maps, Delete unpins.";
}

/** @param {PinnedMaps} maps */
export function sayScale(maps) {
  const {
    scale,
    head: { film },
  } = maps;
  const ramp = element("div", { className: "ramp" });
  ramp.style.background = gradient(maps.parts.table, "to right");
  const ends = [saidEnd(scale.low, scale.law), ramp, `${saidTop(scale)} · ${saidLaw(scale)}`];
  if (film) ends.push(" · over the frames: the chosen row");
  maps.find(".legend").replaceChildren(...ends);
}
