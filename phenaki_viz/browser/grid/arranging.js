// Heads that are held beside others, and one that is looked at alone: how a grid is arranged.
/** @import { Tile } from "./layout.js" */
import { element } from "../page/elements.js";
import { sameTile } from "./layout.js";

export class Arranging {
  /**
   * @param {import("../panels/head_grid.js").HeadGrid} grid
   * @param {HTMLElement} box
   */
  constructor(grid, box) {
    this.grid = grid;
    const button = (title, onclick) => element("button", { type: "button", title, onclick });
    this.pinButton = button("Hold this head beside others (p)", () => this.pin(grid.picked));
    this.aloneButton = button("Double click, or i; Esc goes back", () => this.isolate(!this.alone));
    box.append(this.pinButton, this.aloneButton);
  }

  get able() {
    return Boolean(this.grid.head.arrange);
  }

  get alone() {
    return Boolean(this.able && this.grid.memory.arranged.alone);
  }

  /** @returns {Tile[]} */
  get pins() {
    return this.able ? this.grid.memory.arranged.pins : [];
  }

  /** @param {Tile} tile */
  pin(tile) {
    const { grid, pins } = this;
    if (!this.able || !grid.isHead(tile)) return;
    const { most } = grid.head;
    const others = pins.filter((one) => !sameTile(one, tile));
    const held = others.length < pins.length;
    if (!held && pins.length >= most) {
      grid.warning = ` ${most} heads are pinned: unpin one to pin ${grid.label(tile)}`;
      grid.sayAloud(grid.warning);
      grid.mark();
      return;
    }
    this.arrange({ alone: this.alone, pins: held ? others : [...others, tile] });
    grid.sayAloud(`${grid.label(tile)} ${held ? "unpinned" : "pinned"}`);
  }

  /** @param {boolean} alone */
  isolate(alone) {
    const { grid } = this;
    if (!this.able || alone === this.alone) return;
    this.arrange({ alone, pins: this.pins });
    grid.sayAloud(alone ? `${grid.label(grid.picked)} alone` : "All heads");
  }

  /** @param {import("../hosts/linked.js").Arranged} arranged */
  arrange(arranged) {
    const { grid } = this;
    grid.memory.arranged = arranged;
    grid.warning = "";
    grid.draw();
    grid.tell("arrange", arranged);
  }

  say() {
    const { grid, pins, alone, pinButton, aloneButton } = this;
    const held = pins.some((tile) => sameTile(tile, grid.picked));
    pinButton.textContent = `${held ? "Unpin" : "Pin"} ${grid.label(grid.picked)}`;
    pinButton.ariaPressed = String(held);
    aloneButton.textContent = alone ? "All heads" : "Alone";
    aloneButton.ariaPressed = String(alone);
  }
}
