// A map: where its cells stand, what is on view of it, what its painters draw.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  covers,
  Geometry,
  partAt,
  partOfLink,
  revealed,
  wanted,
  wholeOf,
  zoomed,
} from "../../phenaki_viz/browser/map/geometry.js";
import { shareOf } from "../../phenaki_viz/browser/map/keys.js";
import { layOut, plotSize } from "../../phenaki_viz/browser/map/layout.js";
import { drawMargins, firstFree, shorten } from "../../phenaki_viz/browser/map/margins.js";
import { drawMarks } from "../../phenaki_viz/browser/map/marks.js";
import { reading, weightWords } from "../../phenaki_viz/browser/map/reading.js";
import { assertClose, axis, floats, listeningPen, randoms } from "./helpers.js";

const TOTAL = [40, 64];
const PLOT = { left: 30, top: 20, width: 320, height: 200, inner: 0, over: 0, above: 0 };
const letters = (text) => 6 * text.length;

test("a column is found again where it is drawn, at any zoom, nulls apart or not", () => {
  const random = randoms(1);
  for (let turn = 0; turn < 200; turn++) {
    const c0 = Math.floor(20 * random());
    const view = [0, 40, c0, c0 + 4 + Math.floor(20 * random())];
    const on = new Geometry(PLOT, view, Math.floor(6 * random()));
    for (let column = view[2]; column < view[3]; column++) {
      const middle = (on.x(column) + on.x(column + 1, true)) / 2;
      assert.equal(Math.floor(on.columnAt(middle)), column);
    }
  }
});

test("between null and real keys there is no cell", () => {
  const on = new Geometry(PLOT, [0, 40, 0, 64], 2);
  assert.equal(on.gap, 6);
  const [end, start] = [on.x(2, true), on.x(2)];
  assert.equal(start - end, 6);
  assert.equal(on.columnAt((start + end) / 2), null);
  assert.equal(on.cellAt((start + end) / 2, 100), null);
  assert.equal(new Geometry(PLOT, [0, 40, 0, 64], 2, false).gap, 0);
});

test("the last column ends where the plot does", () => {
  for (const nulls of [0, 2]) {
    const on = new Geometry(PLOT, wholeOf(TOTAL), nulls);
    assertClose([on.x(0), on.x(64, true), on.y(0), on.y(40)], [30, 350, 20, 220], 1e-9);
  }
});

test("a point outside of the plot is no cell", () => {
  const on = new Geometry(PLOT, wholeOf(TOTAL), 0);
  assert.deepEqual(on.cellAt(30, 20), [0, 0]);
  assert.deepEqual(on.cellAt(349.9, 219.9), [39, 63]);
  for (const [x, y] of [
    [29, 50],
    [350, 50],
    [50, 19],
    [50, 220],
  ])
    assert.equal(on.cellAt(x, y), null);
});

test("zooming keeps what is under the pointer, stays inside, and comes back to the whole", () => {
  const random = randoms(2);
  for (let turn = 0; turn < 200; turn++) {
    const at = [random(), random()];
    const under = [at[0] * 40, at[1] * 64];
    const part = zoomed(wholeOf(TOTAL), TOTAL, 1 + 3 * random(), at);
    if (!part) continue;
    const [r0, r1, c0, c1] = part;
    assert.ok(covers(wholeOf(TOTAL), part));
    assertClose([r0 + at[0] * (r1 - r0), c0 + at[1] * (c1 - c0)], under, 1e-9);
    assert.equal(zoomed(part, TOTAL, 1 / 100, at), null);
  }
});

test("zooming ends at a few cells", () => {
  let part = wholeOf(TOTAL);
  for (let turn = 0; turn < 40; turn++) part = zoomed(part, TOTAL, 1.6, [0.5, 0.5]);
  assert.ok(part[1] - part[0] >= 4 && part[3] - part[2] >= 2);
  assert.ok(part[1] - part[0] < 4.1);
});

test("a part is moved no farther than the edge", () => {
  assert.deepEqual(partAt(TOTAL, [-5, 60], [10, 16]), [0, 10, 48, 64]);
  assert.equal(partAt(TOTAL, [3, 3], [40, 64]), null);
});

test("a pick is brought into view by the shortest way", () => {
  assert.deepEqual(revealed([10, 20, 10, 26], TOTAL, 25, 5), [16, 26, 5, 21]);
  assert.deepEqual(revealed([10, 20, 10, 26], TOTAL, 12, null), [10, 20, 10, 26]);
});

test("a little more than the view is wanted, in whole cells of the map", () => {
  assert.deepEqual(wanted([0.5, 8.5, 10, 26], TOTAL), [0, 10, 8, 28]);
  assert.deepEqual(wanted([30, 40, 50, 64], TOTAL), [28, 40, 48, 64]);
});

test("a link's part counts only where the map has one", () => {
  assert.deepEqual(partOfLink([1, 5, 2, 9], TOTAL), [1, 5, 2, 9]);
  for (const part of [null, [5, 5, 0, 4], [0, 41, 0, 4], [-1, 4, 0, 4], [0, 4, 60, 65]]) {
    assert.equal(partOfLink(part, TOTAL), null);
  }
});

test("square maps are square, whatever the room", () => {
  for (const [room, tallest] of [
    [900, 580],
    [300, 580],
    [900, 200],
  ]) {
    const [wide, high] = plotSize([64, 64], room, tallest, 44);
    assert.equal(wide, high);
    assert.ok(wide <= room && high <= tallest);
  }
  assert.deepEqual(plotSize([3, 3], 900, 580, 44), [132, 132]);
});

test("a laid out map is no wider than its panel, and no taller than the page has", () => {
  const key = axis({
    title: "key",
    nulls: 2,
    grid: [4, 4, 4],
    breaks: [2],
    groups: ["null", "time 0"],
  });
  const head = { total: [64, 66], query: axis({ grid: [4, 4, 4] }), key };
  for (const width of [320, 600, 1200]) {
    for (const spare of [0, 200, 500]) {
      const { size, plot } = layOut(head, width, spare, letters);
      assert.ok(size[0] <= Math.max(width, plot.left + 88), `${width} ${spare}: ${size}`);
      if (spare)
        assert.ok(size[1] <= Math.max(spare, plot.top + 80) + 4, `${width} ${spare}: ${size}`);
      assert.equal(plot.left + plot.width + 8, size[0]);
    }
  }
});

test("words that do not fit over their columns are turned", () => {
  const words = Array.from({ length: 30 }, (_, at) => `a long word ${at}`);
  const head = { total: [30, 30], query: axis(), key: axis({ title: "key", words }) };
  assert.ok(layOut(head, 700, 0, letters).turned);
  assert.ok(
    !layOut({ ...head, total: [30, 2], key: axis({ words: ["a", "b"] }) }, 700, 0, letters).turned,
  );
});

test("a name is shortened to its room, or to its last word", () => {
  const pen = listeningPen();
  assert.equal(shorten(pen, "a long word", 36), "a lon…");
  assert.equal(shorten(pen, "short", 36), "short");
  assert.equal(shorten(pen, "short", 3), "");
  const taken = [];
  assert.equal(firstFree(pen, "time 3", 20, 100, taken), "time 3");
  assert.equal(firstFree(pen, "time 4", 46, 100, taken), "4");
  assert.equal(firstFree(pen, "time 5", 48, 100, taken), "");
  assert.equal(taken.length, 2);
});

test("margins name rows only where a row is as high as its name", () => {
  const head = { total: [40, 64], query: axis({ grid: [2, 4, 5] }), key: axis({ title: "key" }) };
  const theme = { text: "#222", font: "sans" };
  const named = (view) => {
    const pen = listeningPen();
    drawMargins(pen, new Geometry({ ...PLOT, inner: 30 }, view, 0), { head, theme, turned: false });
    return pen.of("fillText").map(([text]) => text);
  };
  assert.deepEqual(named([0, 40, 0, 64]), ["key →", "query ↓"]);
  assert.deepEqual(named([0, 4, 0, 64]), ["key →", "query ↓", "0, 0", "0, 1", "0, 2", "0, 3"]);
});

const COLOURS = { query: "#q", key: "#k" };
const marks = (settings) => ({
  picked: [3, null],
  also: [],
  guide: null,
  hovered: null,
  colours: COLOURS,
  ...settings,
});

test("the selection is lines beside a row and a column, never over their cells", () => {
  const pen = listeningPen();
  const on = new Geometry(PLOT, wholeOf(TOTAL), 0);
  drawMarks(pen, on, marks({ picked: [3, 10] }));
  const [above, below, before, after] = pen.of("fillRect");
  assert.deepEqual(above, [30, on.y(3) - 1.5, 320, 1.5]);
  assert.deepEqual(below, [30, on.y(4), 320, 1.5]);
  assert.deepEqual(before, [on.x(10) - 1.5, 20, 1.5, 200]);
  assert.deepEqual(after, [on.x(11), 20, 1.5, 200]);
});

test("a row that is not on view is not marked", () => {
  const pen = listeningPen();
  drawMarks(pen, new Geometry(PLOT, [10, 20, 0, 64], 0), marks({ also: [35] }));
  assert.deepEqual(pen.of("fillRect"), []);
});

test("what is pointed at elsewhere is a thin line here", () => {
  const pen = listeningPen();
  drawMarks(pen, new Geometry(PLOT, [10, 20, 0, 64], 0), marks({ guide: { query: 12 } }));
  assert.equal(pen.of("fillRect").length, 1);
  assert.equal(pen.of("fillRect")[0][3], 1);
});

const fine = {
  window: [8, 12, 0, 6],
  cell: [1, 1],
  shape: [4, 6],
  values: Float32Array.from({ length: 24 }, (_, at) => at / 32),
  rowFilter: null,
};
const coarse = {
  window: [0, 40, 0, 64],
  cell: [4, 8],
  shape: [10, 8],
  values: new Float32Array(80).fill(0.125),
  rowFilter: null,
};

test("a weight is read from the finest tile that has it, with the cells it stands for", () => {
  const found = reading([fine, coarse], 9, 2);
  assert.deepEqual([found.value, found.index], [8 / 32, 8]);
  const other = reading([fine, coarse], 37, 60);
  assert.deepEqual([other.value, other.rows, other.columns], [0.125, [36, 40], [56, 64]]);
  assert.equal(reading([fine, null], 37, 60), null);
});

test("a weight is said with its multiple of uniform and its rank", () => {
  const head = { unit: "weight", reduce: "mean", total: [40, 6] };
  const uniform = new Float32Array(40).fill(1 / 8);
  const said = weightWords(reading([fine], 9, 2), head, uniform);
  assert.equal(said, "weight 0.25 · 2\u00a0×\u00a0uniform · rank 4 of 6");
  const pooled = weightWords(reading([coarse], 0, 0), { ...head, total: [40, 64] }, uniform);
  assert.equal(pooled, "mean of 4 × 8 cells weight 0.125 · 1\u00a0×\u00a0uniform · rank —");
});

test("masked and broken rows are no numbers", () => {
  const head = { unit: "weight", reduce: "mean", total: [40, 6] };
  const tile = { ...fine, values: floats([null, "inf", ...Array(22).fill(0)]) };
  assert.equal(weightWords(reading([tile], 8, 0), head), "masked: this query may not read it");
  assert.match(weightWords(reading([tile], 8, 1), head), /not a distribution/);
});

test("a pick is where zooming by key aims at", () => {
  assert.deepEqual(shareOf([9, null], [0, 40, 0, 64]), [9.5 / 40, 0.5]);
  assert.deepEqual(shareOf([39, 0], [0, 10, 20, 30]), [1, 0]);
});
