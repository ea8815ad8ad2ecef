// How lines are asked for: by HTTP of the server of the page, or by the way that a host has to Python.

/** What is asked for of an address, as `Lines.answer` of Python reads it.
 * @typedef {{ at: string } | { word: string }} Asked */

/** @typedef {(address: string, asked: Asked) => Promise<ArrayBuffer | null>} Wire */

/** By what their addresses begin with, up to a slash. @type {Map<string, Wire>} */
export const wires = new Map();

/**
 * @param {string} address
 * @param {Asked} asked
 * @returns {Promise<ArrayBuffer | null>} null where there is no answer, or no way to it
 */
export async function answerOf(address, asked) {
  const wire = wires.get(address.split("/", 1)[0]);
  try {
    return await (wire ?? overHttp)(address, asked);
  } catch {
    return null;
  }
}

/** @type {Wire} */
async function overHttp(address, asked) {
  const answer = await fetch(new URL(`${address}?${new URLSearchParams(asked)}`, document.baseURI));
  return answer.ok ? answer.arrayBuffer() : null;
}
