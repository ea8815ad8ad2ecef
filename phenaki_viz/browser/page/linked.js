// A panel that shows the one selection of its slot. `head.link` names the map whose rows and columns the
// numbers of a pick are; panels of another map, or of none, go their own way.
/** @import { Pick, Point } from "../types.js" */
import { agree } from "./agreement.js";
import { afterPaint } from "./later.js";
import { page, selectionOf, slotOf } from "./page.js";
import { Panel } from "./panel.js";

export class LinkedPanel extends Panel {
  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    page.panels.add(this);
  }

  close() {
    super.close();
    page.panels.delete(this);
  }

  get slot() {
    return slotOf(this.head?.id);
  }

  get selection() {
    return selectionOf(this.slot);
  }

  // The other panels of its slot.
  get others() {
    return [...page.panels].filter((panel) => panel !== this && panel.slot === this.slot);
  }

  /** @param {import("./panel.js").Push | null} push */
  heed(push) {
    if (push) super.heed(push);
    const { pick } = this.selection;
    if (this.head.link && pick) this.adopt(pick);
  }

  /**
   * Take the selection of the page, from another panel or from Python.
   * @param {Pick} _pick
   * @returns {boolean} whether that changes anything here
   */
  adopt(_pick) {
    return false;
  }

  /**
   * A pick made here: the others show it at once, Python is told.
   * @param {Omit<Pick, "link">} pick
   * @param {object} told
   */
  pickTogether(pick, told) {
    this.showTogether(pick);
    this.tell("pick", told, afterPaint); // the others first: telling takes as long as painting
    this.selection.last = Math.max(this.selection.last, this.memory.sent.pick);
  }

  /** @param {Omit<Pick, "link">} pick */
  showTogether(pick) {
    if (!this.head.link) return;
    const { selection } = this;
    const shared = { key: selection.pick?.key ?? null, ...pick, link: this.head.link };
    selection.pick = shared;
    for (const panel of this.others) panel.onSelection(shared);
  }

  /**
   * A patch was picked that these maps do not hold: what they show is not of it.
   * @param {Pick} pick
   */
  misses({ link, query }) {
    this.lags(link === this.head.link && query === null);
  }

  /**
   * Whether it is older than what is picked: the texts that speak of it hear that too.
   * @param {boolean} late
   */
  lags(late) {
    const isNews = late !== Boolean(this.late);
    this.late = late;
    this.age();
    if (isNews) agree();
  }

  /**
   * What is pointed at here, for the others to show; null when it is let go.
   * @param {Point | null} point
   */
  pointTogether(point) {
    if (!this.head.link) return;
    const named = point && { ...point, link: this.head.link };
    for (const panel of this.others) panel.pointed?.(named);
  }

  /** @param {Pick} pick */
  onSelection(pick) {
    if (this.head?.link && this.adopt(pick)) this.soon("draw");
  }
}
