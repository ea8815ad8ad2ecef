// A heading, or a line of text, that says what pictures of the page show.
/** @import { Pick, Place } from "../types.js" */
import { placeOf } from "../numbers/axis.js";
import { placeName } from "../numbers/words.js";
import { agree, isOf } from "../page/agreement.js";
import { element } from "../page/elements.js";
import { LinkedPanel } from "../page/linked.js";
import { page } from "../page/page.js";
import { show } from "../page/panel.js";
import { note, renew } from "../page/renewing.js";
import { explained, termIn } from "../page/terms.js";

const PATIENCE = 5000; // milliseconds after which it is said although no picture came

export class Said extends LinkedPanel {
  /** What Python said last, until a picture shows it. @type {any} */
  next = null;
  /** The patch that is named at the end. @type {Place | null | undefined} */
  place;
  /** What was put on the page, as JSON. */
  made = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  patience;

  accept({ head }) {
    this.next = head;
    page.texts.add(this);
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.overtake(), PATIENCE);
    agree();
  }

  close() {
    super.close();
    clearTimeout(this.patience);
    page.texts.delete(this);
    agree();
  }

  follow() {
    if (this.next && this.isTime()) this.change();
  }

  isTime() {
    const { of } = this.next;
    const others = Object.keys(of).filter((key) => of[key] !== this.head?.of[key]);
    const pictures = others.filter((key) => page.pictures.has(key));
    const place = this.patchOf(this.next); // not the one before: no picture shows that any more
    return !pictures.length || pictures.some((key) => this.isShown(key, of, place));
  }

  change() {
    if (!this.next) return;
    clearTimeout(this.patience);
    this.head = this.next;
    this.next = null;
    this.place = this.patchOf(this.head);
    this.draw();
  }

  // Pictures that are still to come are dimmed in the same paint.
  overtake() {
    this.change();
    agree();
  }

  isShown(key, of, place = this.place) {
    return isOf(page.pictures.get(key)?.shows ?? "", this.said(of[key], place));
  }

  said(of, place = this.place) {
    return of.replace("{place}", (place ?? []).join("."));
  }

  outgrew(key, shows) {
    const of = this.head?.of[key];
    return of !== undefined && !isOf(shows, this.said(of));
  }

  // The patch that Python's words end with: the picked one, which may be newer than they are.
  patchOf(head) {
    const { pick } = this.selection;
    return (pick && pickedIn(head, pick)) ?? head.place;
  }

  /**
   * The words name the patch in the paint in which pictures show it.
   * @param {Pick} pick
   */
  adopt(pick) {
    const found = this.head && pickedIn(this.head, pick);
    if (!found || String(found) === String(this.place)) return false;
    this.place = found;
    return true;
  }

  /** @param {Pick} pick */
  onSelection(pick) {
    if (!this.adopt(pick)) return;
    this.soon("draw");
    this.soon("settle");
  }

  settle() {
    agree();
  }

  draw() {
    if (!this.head) return;
    const { tag, badge } = this.head;
    const words = this.words();
    const made = JSON.stringify([words.map(({ textContent }) => textContent), tag, badge]);
    if (made === this.made) return;
    this.made = made;
    const said = element(tag, {}, ...words);
    const beside = badge && element("span", { className: "pv-badge", textContent: badge.text });
    if (badge) Object.assign(beside, { title: badge.about, tabIndex: 0 });
    renew(this.panel, ...[said, beside].filter(Boolean));
  }

  // The text in pieces; the names of head and patch are buttons where they open something.
  words() {
    const { text, link, opens, tells, place, terms, lead } = this.head;
    const plainly = (words) => element("span", {}, ...explained(words, terms ?? {}));
    if (lead) return ledBy(lead, text, terms);
    if (!link || !this.place) return [plainly(text)];
    const patch = placeName(...this.place);
    if (!opens) return [plainly(`${text} · query ${patch}`)];
    const still = String(place) === String(this.place);
    return [
      this.opener(text, "layer"),
      plainly(": "),
      this.opener(patch, "step"),
      plainly(still ? ` ${tells}` : " …"),
    ];
  }

  opener(textContent, field) {
    const title = "Go to another: type the numbers";
    const onclick = () => openFields(this.head.opens, this.slot + field);
    return element("button", { type: "button", className: "pv-open", textContent, title, onclick });
  }

  // For tests and other tools: whether every picture shows what is said, and what that is.
  note() {
    const of = this.head?.of ?? {};
    const here = Object.keys(of).filter((key) => page.pictures.has(key));
    const agrees = here.every((key) => this.isShown(key, of) && !page.pictures.get(key).late);
    const lead = Object.keys(of)[0];
    const whole = !lead || here.includes(lead);
    const shows = Object.entries(of).map(([key, one]) => `${key}: ${this.said(one)}`);
    note(this.panel, { agrees: agrees && whole && !this.next, shows });
  }
}

/**
 * A text whose first words stand out.
 * @param {string} lead
 * @param {string} text begins with it
 * @param {Record<string, string>} terms
 */
function ledBy(lead, text, terms) {
  const later = Object.entries(terms).filter(([term]) => termIn(lead, term) < 0);
  const rest = explained(text.slice(lead.length), Object.fromEntries(later));
  const first = element("span", { className: "pv-lead" }, ...explained(lead, terms));
  return [first, element("span", {}, ...rest)];
}

/**
 * The patch of a pick; null where it is of another map, or of no patch.
 * @param {any} head what Python said
 * @param {Pick} pick
 * @returns {Place | null}
 */
function pickedIn({ link, axes, side }, { link: of, query, key, places }) {
  if (of !== link) return null;
  const isKey = side === "column" && Number.isInteger(key);
  const [axis, at] = isKey ? [axes.key, key] : [axes.query, query];
  return places?.[0] ?? (Number.isInteger(at) ? placeOf(axis, at) : null);
}

/**
 * Open a popover of the page by its key, and go to one of its fields.
 * @param {string} key
 * @param {string} name
 */
function openFields(key, name) {
  /** @returns {HTMLInputElement | null} */
  const field = () => document.querySelector(`[data-testid=stPopoverBody] .st-key-${name} input`);
  /** @returns {HTMLElement | null} */
  const button = () => document.querySelector(`.st-key-${key} button`);
  const open = () => button()?.click();
  if (!field()) setTimeout(open); // after this click, which else counts as one beside the popover
  const end = performance.now() + 2000;
  const enter = () => {
    if (field()) field().select();
    else if (performance.now() < end) requestAnimationFrame(enter);
  };
  enter();
}

export default (call) => show(Said, call);
