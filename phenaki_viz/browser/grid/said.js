// A grid of heads in words: labels of tiles, the line under it, and the same for tests.
import { spoken } from "../numbers/words.js";
import { dot, element } from "../page/elements.js";

/** @typedef {import("../panels/head_grid.js").HeadGrid} HeadGrid */
/** @typedef {import("./layout.js").Tile} Tile */

/**
 * @param {{ layers: string[], heads: string[] }} head
 * @param {Tile} tile beyond the last layer or head: the mean
 */
export function labelOf({ layers, heads }, [layer, head]) {
  const [all, every] = [layer === layers.length, head === heads.length];
  if (all && every) return "mean of all heads";
  if (all) return `mean over layers, ${heads[head]}`;
  if (every) return `${layers[layer]}, mean over heads`;
  return `${layers[layer]} ${heads[head]}`;
}

/**
 * @param {HeadGrid} grid
 * @param {Tile} tile
 */
export function wordsOf(grid, tile) {
  const value = grid.value(tile);
  if (value === undefined) return grid.label(tile);
  const number = Number.isFinite(value) ? spoken(value, 3) : "none";
  return `${grid.label(tile)} · ${grid.head.label} ${number}`.replace("  ", " ");
}

/** @param {HeadGrid} grid */
export function say(grid) {
  const { head, picked, hovered, warning } = grid;
  const [label, ...rest] = wordsOf(grid, picked).split(" · ");
  const isElse = hovered && grid.label(hovered) !== grid.label(picked);
  const pointed = isElse ? `  →  ${wordsOf(grid, hovered)}` : "";
  grid
    .find(".said")
    .replaceChildren(
      dot(head.colours.query),
      element("b", { textContent: label }),
      [" ", ...rest].join(" "),
      element("i", { textContent: warning || pointed }),
    );
  grid.canvas.ariaLabel = labelOfAll(grid);
  grid.arranging.say();
  note(grid);
}

function labelOfAll(grid) {
  const {
    head: { layers, heads },
    alone,
    pins,
    picked,
  } = grid;
  const pinned = pins.map((tile) => grid.label(tile)).join(", ");
  return (
    `Attention of ${counted(layers.length, "layer")} with ${counted(heads.length, "head")}. ` +
    `Selected: ${wordsOf(grid, picked)}${alone ? ", shown alone" : ""}. ` +
    (pinned ? `Pinned: ${pinned}. ` : "") +
    (grid.head.arrange
      ? "Arrow keys move, Enter selects, p pins, i isolates."
      : "Arrow keys move, Enter selects.")
  );
}

/** @param {number} many @param {string} what */
const counted = (many, what) => `${many} ${what}${many === 1 ? "" : "s"}`;

// For tests and other tools.
function note({ canvas, picked, hovered, pins, alone }) {
  Object.assign(canvas.dataset, {
    picked,
    hovered: hovered ?? "",
    pins: pins.map((tile) => tile.join(".")).join("_"),
    alone,
  });
}
