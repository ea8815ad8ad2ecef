// What the tests of the browser's modules share.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const twins = JSON.parse(readFileSync(new URL("twins.json", import.meta.url), "utf-8"));

/** A number as it was before JSON: null is NaN. */
export const number = (told) => (told === null ? NaN : told === "inf" ? Infinity : told);

export const floats = (told) => Float32Array.from(told, number);

/** Equal but for rounding; NaN only where NaN is. */
export function assertClose(found, expected, within = 1e-6, said = "") {
  assert.equal(found.length, expected.length, said);
  for (let i = 0; i < found.length; i++) {
    const [one, other] = [found[i], expected[i]];
    const same = Object.is(one, other) || one === other || Math.abs(one - other) <= within;
    assert.ok(same, `${said} ${i}: ${one}, not ${other}`);
  }
}

/** Numbers in 0..1, the same ones every time. */
export function randoms(seed) {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A pen that writes down what it is told to do; letters are six pixels wide. */
export function listeningPen() {
  const said = [];
  const pen = {
    said,
    measureText: (text) => ({ width: 6 * text.length }),
    of: (name) => said.filter(([one]) => one === name).map(([, ...told]) => told),
  };
  const names =
    "save restore beginPath rect clip moveTo lineTo fill stroke fillRect strokeRect fillText " +
    "translate rotate arc drawImage";
  for (const name of names.split(" ")) pen[name] = (...told) => said.push([name, ...told]);
  return pen;
}

export const axis = (settings = {}) => ({
  title: "query",
  nulls: 0,
  before: 0,
  grid: null,
  origin: [0, 0, 0],
  words: null,
  breaks: [],
  groups: [],
  ...settings,
});
