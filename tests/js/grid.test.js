// Where tiles of heads stand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { layLines, neighbour, tileAt } from "../../phenaki_viz/browser/grid/layout.js";
import { inProportion } from "../../phenaki_viz/browser/grid/painting.js";

const grid = (layers, heads) => ({
  layers: Array.from({ length: layers }, (_, at) => `L${at}`),
  heads: Array.from({ length: heads }, (_, at) => `H${at}`),
});

for (const [layers, heads, width] of [
  [4, 4, 1000],
  [6, 8, 1000],
  [12, 16, 960],
  [2, 4, 300],
  [6, 8, 320],
  [1, 1, 700],
]) {
  test(`${layers} × ${heads} heads in lines within ${width} pixels`, () => {
    const { slots, size, tile } = layLines(grid(layers, heads), width);
    assert.equal(slots.length, layers * heads);
    assert.ok(size[0] <= width, `${size[0]} pixels wide`);
    assert.ok(tile >= 6 && tile <= 30);
    for (const { tile: at, box } of slots) {
      const middle = [box[0] + tile / 2, box[1] + tile / 2];
      assert.ok(box[0] >= 0 && box[0] + tile <= size[0] && box[1] + tile <= size[1]);
      assert.deepEqual(tileAt({ slots, bar: 0, gap: 2 }, ...middle), at);
    }
  });
}

test("few heads stand in one line, and arrows go along it", () => {
  const { slots, size } = layLines(grid(4, 4), 1000);
  assert.ok(size[1] <= 52);
  assert.deepEqual(neighbour(slots, [0, 3], [0, 1]), [1, 0]);
  assert.deepEqual(neighbour(slots, [3, 3], [0, 1]), [3, 3]);
});

test("a frame keeps its proportions inside its tile", () => {
  assert.deepEqual(inProportion([10, 20, 72, 72], 1), [10, 20, 72, 72]);
  assert.deepEqual(inProportion([10, 20, 72, 72], 0.5), [10, 38, 72, 36]);
  assert.deepEqual(inProportion([10, 20, 72, 72], 2), [28, 20, 36, 72]);
});
