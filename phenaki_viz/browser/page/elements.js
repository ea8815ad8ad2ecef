// Elements, their colours, and what a press of a key means.
/** @import { Pair } from "../types.js" */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} settings properties of the element
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, settings = {}, ...children) {
  const made = Object.assign(document.createElement(tag), settings);
  made.append(...children);
  return made;
}

/** @param {string} colour */
export function dot(colour) {
  const made = element("span", { className: "dot" });
  made.style.background = colour;
  return made;
}

/**
 * @param {string} colour
 * @param {string} text
 */
export const swatch = (colour, text) => element("span", { className: "swatch" }, dot(colour), text);

const COLOURS = { text: "--st-text-color", page: "--st-background-color", font: "--st-font" };

/** @typedef {{ text: string, page: string, font: string }} Theme */

/**
 * @param {Element} node
 * @returns {Theme}
 */
export function themeOf(node) {
  const style = getComputedStyle(node);
  /** @param {string} variable */
  const read = (variable) => style.getPropertyValue(variable).trim();
  return {
    text: read(COLOURS.text) || "#888",
    page: read(COLOURS.page),
    font: read(COLOURS.font) || "sans-serif",
  };
}

/** Down and right. @type {Record<string, Pair>} */
export const ARROWS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Time step, row and column. @type {Record<string, [number, number, number]>} */
export const PATCH_MOVES = {
  ...Object.fromEntries(Object.entries(ARROWS).map(([key, by]) => [key, [0, ...by]])),
  PageUp: [-1, 0, 0],
  PageDown: [1, 0, 0],
};

/**
 * A key that was used here goes no further: the page does not scroll, nobody else answers.
 * @param {Event} event
 */
export function consume(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** @param {KeyboardEvent} event */
export const withoutModifiers = (event) => !(event.ctrlKey || event.metaKey || event.altKey);

/**
 * Whether a letter belongs to a field that is written in.
 * @param {Event} event
 */
export function isTyping(event) {
  const target = /** @type {HTMLInputElement} */ (event.composedPath()[0]);
  const { type, tagName } = target;
  const typed = tagName === "INPUT" && !/^(range|checkbox|radio|button)$/.test(type);
  return target.isContentEditable || typed || /^(TEXTAREA|SELECT)$/.test(tagName);
}

const LONGEST = 36; // letters: a place has fewer, a word of a prompt may have hundreds

/**
 * A name as it stands in a line beside numbers: a long one is clipped to what the line can give.
 * @param {string} textContent
 */
export const inLine = (textContent) =>
  textContent.length > LONGEST ? element("span", { className: "long", textContent }) : textContent;
