// Texts that speak of pictures, and what each picture shows; `shows` and `of` of the Python side.
// A text changes in the same paint as the first picture that shows what it will say. Pictures that
// still show something else are dimmed until they follow.
/** @import { Picture } from "../types.js" */

import { page } from "./page.js";
import { change } from "./renewing.js";

/**
 * What a text says may be less than what the picture shows: a run, where that is a head of it.
 * @param {string} shows
 * @param {string} said
 */
export const isOf = (shows, said) => shows === said || shows.startsWith(`${said} `);

/**
 * @param {string} key
 * @param {Picture} picture
 */
export function painted(key, picture) {
  page.pictures.set(key, picture);
  agree();
  const awaited = page.awaited.get(key);
  if (awaited && !awaited.told && isOf(picture.shows ?? "", awaited.of)) tell(awaited);
}

/**
 * With the frame that shows it, for the page's script waits to say the rest.
 * @param {import("./page.js").Awaited} awaited
 */
function tell(awaited) {
  const address = new URL(awaited.tell, document.baseURI).href;
  awaited.told = true;
  requestAnimationFrame(() => fetch(address).catch(() => {})); // unheard, it waits no longer
}

/**
 * @param {string} key
 * @param {Picture} picture
 */
export function gone(key, picture) {
  if (page.pictures.get(key) !== picture) return;
  page.pictures.delete(key);
  agree();
}

export function agree() {
  for (const text of page.texts) text.follow();
  for (const [key, picture] of page.pictures) {
    picture.age([...page.texts].some((text) => text.outgrew(key, picture.shows)));
  }
  for (const text of page.texts) text.note();
}

/**
 * What a picture and its lines have in common, whatever draws it.
 * @param {Element} panel
 * @param {boolean} old
 */
export function dim(panel, old) {
  panel.classList.toggle("old", old);
  change(panel, { ariaBusy: String(old) });
}
