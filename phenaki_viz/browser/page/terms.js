// Words of the glossary in a text.
import { element } from "./elements.js";

/**
 * The text, with each term of the glossary as a word that says what it means when pointed at.
 * @param {string} text
 * @param {Record<string, string>} terms
 */
export function explained(text, terms) {
  const parts = [];
  const left = new Set(Object.keys(terms)); // each is explained once
  let rest = text;
  while (left.size) {
    const next = [...left]
      .map((term) => /** @type {[number, string]} */ ([termIn(rest, term), term]))
      .filter(([at]) => at >= 0)
      .sort(([one, long], [other, short]) => one - other || short.length - long.length)[0];
    if (!next) break;
    const [at, term] = next;
    parts.push(rest.slice(0, at), element("abbr", { textContent: term, title: terms[term] }));
    rest = rest.slice(at + term.length);
    left.delete(term);
  }
  return [...parts, rest];
}

/**
 * Where a term stands by itself, outside of what a prompt says; -1 where it does not.
 * @param {string} text
 * @param {string} term
 */
export function termIn(text, term) {
  const letter = /[\p{L}\p{N}_-]/u;
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    const quoted =
      (text.slice(0, at).match(/“/g) ?? []).length > (text.slice(0, at).match(/”/g) ?? []).length;
    if (
      !quoted &&
      !letter.test(text[at - 1] ?? " ") &&
      !letter.test(text[at + term.length] ?? " ")
    ) {
      return at;
    }
  }
  return -1;
}
