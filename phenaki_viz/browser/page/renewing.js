// What is said anew in the elements that stand there: others would be styled, laid out and painted
// as news, which on a slow machine takes longer than the picture itself.

/**
 * As `replaceChildren`, for elements that differ in text and style alone: what one that stays
 * answers to, it goes on answering.
 * @param {Element} box
 * @param {...(Node | string)} children
 */
export function renew(box, ...children) {
  const there = [...box.childNodes];
  children.forEach((child, at) => {
    const old = there[at];
    if (!old) box.append(child);
    else if (!taken(old, child)) box.replaceChild(asNode(child), old);
  });
  for (const old of there.slice(children.length)) old.remove();
}

/** @param {Node | string} child */
const asNode = (child) => (typeof child === "string" ? document.createTextNode(child) : child);

/**
 * Whether one could be made the other, and was.
 * @param {any} old
 * @param {any} next
 */
function taken(old, next) {
  const words = typeof next === "string" ? next : next.data;
  if (words !== undefined) return old.data !== undefined && tell(old, words);
  if (old.nodeName !== next.nodeName || old.className !== next.className) return false;
  if (old.title !== next.title) return false;
  const styled = old.hasAttribute("style") || next.hasAttribute("style");
  if (styled && old.style.cssText !== next.style.cssText) old.style.cssText = next.style.cssText;
  renew(old, ...next.childNodes);
  return true;
}

/**
 * @param {Text} text
 * @param {string} words
 */
function tell(text, words) {
  if (text.data !== words) text.data = words;
  return true;
}

/**
 * Properties, written only where they change: each writing would be looked at.
 * @param {any} element
 * @param {Record<string, unknown>} settings
 */
export function change(element, settings) {
  for (const [name, value] of Object.entries(settings)) {
    if (element[name] !== value) element[name] = value;
  }
}

/**
 * The same for tests and other tools.
 * @param {HTMLElement} element
 * @param {Record<string, unknown>} told each as text
 */
export function note({ dataset }, told) {
  for (const [name, value] of Object.entries(told)) change(dataset, { [name]: String(value) });
}
