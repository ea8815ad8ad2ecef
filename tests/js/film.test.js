// Strips, grids of heads and decodings: places, sizes, colours over frames.
import assert from "node:assert/strict";
import { test } from "node:test";
import { layTiles, neighbour, tileAt } from "../../phenaki_viz/browser/grid/layout.js";
import { endsOf, fitting } from "../../phenaki_viz/browser/grid/painting.js";
import { labelOf } from "../../phenaki_viz/browser/grid/said.js";
import { unpack } from "../../phenaki_viz/browser/numbers/message.js";
import {
  boxOf,
  indexAt,
  inside,
  merged,
  onward,
  patchAt,
  placeAt,
  sizeOf,
} from "../../phenaki_viz/browser/numbers/places.js";
import { valuesOf } from "../../phenaki_viz/browser/numbers/weight_codes.js";
import { together } from "../../phenaki_viz/browser/pinned/together.js";
import { tokensAt, wordsOf } from "../../phenaki_viz/browser/sampling/tokens.js";
import { COVER, lit } from "../../phenaki_viz/browser/strip/colours.js";
import {
  evenWidth,
  frameWidth,
  LARGEST_FRAME,
  linesOf,
  stepWidth,
} from "../../phenaki_viz/browser/strip/layout.js";
import { combinedOf, lineAt, weightsOf } from "../../phenaki_viz/browser/strip/nearby_weights.js";
import { drawHatching, drawMarks } from "../../phenaki_viz/browser/strip/painting.js";
import {
  isSigned,
  multiples,
  scaleTo,
  sharedUniform,
  stretched,
} from "../../phenaki_viz/browser/strip/weighing.js";
import { assertClose, axis, floats, listeningPen, twins } from "./helpers.js";

const GRID = [2, 3, 5];

for (const { labels, maps, strip, made } of twins.pinned) {
  const read = (sent) => unpack(Uint8Array.from(Buffer.from(sent, "base64")));
  const wanted = read(made[0]);
  test(`heads pinned in a file are those of pinned_message, ${wanted.head.scale.law}`, () => {
    const told = maps.map(read).map((message, at) => {
      return { label: labels[at], message, values: valuesOf(message.parts, message.head) };
    });
    const found = together(told, read(strip[0]), { id: "pinned", whole: false });
    const { parts: _, scale, ...head } = wanted.head;
    const { low, high, most, ...said } = scale;
    assert.deepEqual({ ...found.head, scale: 0 }, { ...head, scale: 0 });
    assertClose(
      ["low", "high", "most"].map((end) => found.head.scale[end]),
      [low, high, most],
      1e-6,
    );
    assert.deepEqual({ ...scale, ...found.head.scale }, { ...found.head.scale, ...said });
    assertClose(found.parts.values, valuesOf(wanted.parts), 1e-6);
    assert.deepEqual(found.parts.uniform, wanted.parts.uniform);
    assert.deepEqual(found.parts.table, wanted.parts.table);
  });
}

test("a patch is found again by its number", () => {
  for (let at = 0; at < sizeOf(GRID); at++) assert.equal(indexAt(placeAt(at, GRID), GRID), at);
});

for (const [along, length] of [
  ["frames", 2],
  ["row", 5],
  ["column", 3],
  ["all", 30],
]) {
  test(`a walk ${along} comes back after ${length} patches, each of them new`, () => {
    const start = [1, 2, 4];
    const seen = new Set();
    let place = start;
    do {
      seen.add(String(place));
      place = onward(place, along, GRID);
    } while (String(place) !== String(start) && seen.size < 99);
    assert.equal(seen.size, length);
  });
}

test("a box holds every patch between its corners, the first one first", () => {
  assert.deepEqual(boxOf([1, 2, 3], [1, 1, 4]), [
    [1, 2, 3],
    [1, 2, 4],
    [1, 1, 3],
    [1, 1, 4],
  ]);
  assert.deepEqual(boxOf([0, 1, 1], [0, 1, 1]), [[0, 1, 1]]);
});

test("patches are added once, taken away by toggling, and never all taken away", () => {
  const chosen = [
    [0, 0, 0],
    [0, 0, 1],
  ];
  assert.deepEqual(
    merged(chosen, [
      [0, 0, 1],
      [0, 0, 2],
    ]),
    [...chosen, [0, 0, 2]],
  );
  assert.deepEqual(merged(chosen, [[0, 0, 1]], true), [[0, 0, 0]]);
  assert.deepEqual(merged([[0, 0, 0]], [[0, 0, 0]], true), [[0, 0, 0]]);
});

test("a point of a frame is a patch, at the edge the last one", () => {
  assert.deepEqual(patchAt(1, 0, 0, [50, 30], GRID), [1, 0, 0]);
  assert.deepEqual(patchAt(1, 50, 30, [50, 30], GRID), [1, 2, 4]);
  assert.deepEqual(patchAt(0, 21, 11, [50, 30], GRID), [0, 1, 2]);
  assert.deepEqual(inside([5, -1, 2], GRID), [1, 0, 2]);
});

for (const { palette, ends, contrast, colours, cover, stretched: found } of twins.drawn) {
  test(`weights from ${ends.low} with contrast ${contrast} are drawn as figures/laid_over.py draws them`, () => {
    const scale = stretched({ ...ends, above: false }, contrast);
    assertClose([scale.low, scale.high], found, 1e-12);
    const given = Uint8Array.from(palette);
    const signed = isSigned(scale);
    assert.deepEqual([...(signed ? given : lit(given))], colours);
    const covers = Array.from({ length: 256 }, (_, at) =>
      (signed ? COVER.signed : COVER.rising)(at / 255),
    );
    assertClose(covers, cover, 1e-12);
  });
}

test("a palette that begins light is turned before it lies over frames", () => {
  const dark = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  assert.deepEqual(lit(dark.slice().reverse()), lit(dark));
});

for (const { lines, how, found } of twins.combined) {
  test(`several patches by their ${how} are analysis.overlay.combined`, () => {
    assertClose(combinedOf(lines.map(floats), how), floats(found), 1e-6);
  });
}

const MAP = {
  query: axis({ grid: [2, 1, 2] }),
  key: axis({ title: "key", nulls: 1, grid: [2, 1, 2] }),
  total: [4, 5],
  values: Float32Array.from({ length: 20 }, (_, at) => at),
};

test("a row is read without its null keys, a column as it is", () => {
  assert.deepEqual([...lineAt({ ...MAP }, [2, 1, 2], "row", 1)], [6, 7, 8, 9]);
  assert.deepEqual([...lineAt({ ...MAP }, [2, 1, 2], "column", 3)], [3, 8, 13, 18]);
});

test("among words and patches in one sequence a patch is read at its place", () => {
  const names = ["a", "cat", "time 0", "time 1", "cls"];
  const tokens = { grid: [2, 1, 1], words: names, before: 2 };
  const joint = {
    query: axis(tokens),
    key: axis({ ...tokens, title: "key", nulls: 1 }),
    total: [5, 6],
    values: Float32Array.from({ length: 30 }, (_, at) => at),
  };
  const row = { direction: "row", combine: "mean" };
  assert.deepEqual([...weightsOf(joint, [2, 1, 1], row, [[1, 0, 0]])], [21, 22]);
  const column = { direction: "column", combine: "mean" };
  assert.deepEqual([...weightsOf({ ...joint }, [2, 1, 1], column, [[1, 0, 0]])], [16, 22]);
});

test("a part of a video has no weights outside of it", () => {
  const part = {
    ...MAP,
    query: axis({ grid: [1, 1, 2], origin: [1, 0, 0] }),
    key: axis({ grid: [1, 1, 2], origin: [1, 0, 0] }),
    total: [2, 2],
  };
  const found = weightsOf(part, [2, 1, 2], { direction: "row", combine: "mean" }, [[1, 0, 1]]);
  assertClose(found, [NaN, NaN, 2, 3]);
  assert.equal(
    weightsOf(part, [2, 1, 2], { direction: "row", combine: "mean" }, [[0, 0, 1]]),
    null,
  );
  assert.equal(
    weightsOf(null, [2, 1, 2], { direction: "row", combine: "mean" }, [[0, 0, 1]]),
    null,
  );
});

test("multiples of uniform follow the query: the patch that looks, or each that is looked from", () => {
  const map = { query: MAP.query, uniform: floats([0.5, 0.25, 0.125, 1]) };
  const weights = floats([1, 1, 1, 1]);
  const row = { byRow: true, summed: false };
  assertClose(multiples(weights, [[0, 0, 1]], map, [2, 1, 2], row), [4, 4, 4, 4]);
  const column = { byRow: false, summed: true };
  assertClose(
    multiples(
      weights,
      [
        [0, 0, 0],
        [0, 0, 1],
      ],
      map,
      [2, 1, 2],
      column,
    ),
    [1, 2, 4, 0.5],
  );
  const both = [
    [0, 0, 0],
    [0, 0, 1],
  ];
  assertClose(
    multiples(weights, both, map, [2, 1, 2], { byRow: true, summed: true }),
    Array(4).fill(1 / 0.75),
    1e-6,
  );
  assert.equal(sharedUniform(map, both), null);
  assert.equal(sharedUniform(map, [[1, 0, 0]]), 0.125);
});

test("a scale that follows the patch ends at its largest weight", () => {
  const scale = { low: 1e-4, high: 0.5, law: "log", above: true };
  const found = scaleTo(scale, floats([0.25, null, 0.01]), "this patch");
  assert.deepEqual([found.high, found.above, found.scope], [0.25, false, "this patch"]);
  assertClose([found.low], [5e-5], 1e-9);
  assert.equal(scaleTo({ ...scale, law: "linear" }, floats([null]), "").high, 1);
});

test("frames fit into the width there is, and into the height where there is one", () => {
  for (const steps of [[1], [1, 2, 2], [1, 2, 2, 2, 2, 2]]) {
    for (const room of [240, 640, 1400]) {
      const wide = frameWidth(steps, room, 0);
      assert.ok(wide > 0 && wide <= LARGEST_FRAME);
      assert.ok(Math.max(...steps.map((frames) => stepWidth(frames, wide))) <= room);
      const low = frameWidth(steps, room, (lines) => 80 / lines);
      assert.ok(low <= 80);
      assert.ok(frameWidth(steps, room, () => 1) >= 32); // no room is left: it is taken, not done without
    }
  }
  assert.equal(linesOf([2, 2], 100, 500), 1);
  assert.equal(linesOf([2, 2], 100, 400), 2);
});

const cells = { frame: [50, 30], grid: GRID };
const marked = (settings) => ({
  looked: [],
  band: [],
  guides: [],
  hovered: null,
  key: null,
  lines: false,
  ...settings,
});

test("patches that are a few dots wide are alike, where frames lose little by it", () => {
  assert.equal(evenWidth(120, 16, 1), 112);
  assert.equal(evenWidth(120, 16, 2), 120); // 15 dots: one more is not seen
  assert.equal(evenWidth(120, 8, 1), 120); // they are already
  assert.equal(evenWidth(110, 32, 1), 110); // 96 would be much smaller
  assert.equal(evenWidth(10, 16, 1), 10); // less than a dot
});

test("between patches that were chosen together there is no line", () => {
  const edges = (looked) => {
    const pen = listeningPen();
    drawMarks(pen, cells, marked({ looked }), { key: "#k" }, "#q");
    return pen.of("moveTo").length;
  };
  assert.equal(
    edges([
      [0, 0, 0],
      [0, 0, 1],
    ]),
    6,
  );
  assert.equal(
    edges([
      [0, 0, 0],
      [0, 2, 2],
    ]),
    8,
  );
  assert.equal(
    edges([
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
      [0, 1, 1],
    ]),
    8,
  );
});

test("only masked patches are hatched", () => {
  const pen = listeningPen();
  drawHatching(
    pen,
    cells,
    Uint8Array.from({ length: 15 }, (_, at) => Number(at === 7 || at === 14)),
  );
  assert.deepEqual(pen.of("rect"), [
    [20, 10, 10, 10],
    [40, 20, 10, 10],
  ]);
  assert.equal(pen.of("clip").length, 1);
});

const HEADS = {
  layers: ["L0", "L1", "L2"],
  heads: ["H0", "H1", "H2", "H3"],
  order: null,
  means: true,
};
const ROOM = {
  width: 700,
  tall: 0,
  names: [20, 20, 20, 30],
  barred: true,
  alone: false,
  picked: [1, 2],
};

test("tiles of the grid do not overlap, fit the width, and are found where they stand", () => {
  for (const width of [160, 400, 900]) {
    const layout = layTiles(HEADS, { ...ROOM, width });
    assert.equal(layout.slots.length, 4 * 5);
    const boxes = layout.slots.map(({ box }) => box);
    for (const {
      tile,
      box: [x, y, wide, high],
    } of layout.slots) {
      assert.ok(x + wide <= layout.size[0] && y + high <= layout.size[1]);
      assert.deepEqual(tileAt(layout, x + wide / 2, y + high / 2), tile);
      const over = boxes.filter(([a, b]) => Math.abs(a - x) < wide && Math.abs(b - y) < high);
      assert.equal(over.length, 1);
    }
  }
});

test("an order of its own is read line by line, and one head stands alone", () => {
  const order = [
    [2, 1],
    [0, 3],
    [1, 1],
    [0, 0],
    [2, 2],
  ];
  const layout = layTiles({ ...HEADS, order }, ROOM);
  assert.deepEqual(
    layout.slots.map(({ tile }) => tile),
    order,
  );
  assert.deepEqual([layout.slots[4].row, layout.slots[4].column], [1, 0]);
  const alone = layTiles(HEADS, { ...ROOM, alone: true });
  assert.deepEqual(
    alone.slots.map(({ tile }) => tile),
    [[1, 2]],
  );
  assert.ok(alone.tile > layout.tile);
});

test("arrow keys go to the neighbour, and stay at the edge", () => {
  const { slots } = layTiles(HEADS, ROOM);
  assert.deepEqual(neighbour(slots, [1, 2], [1, 0]), [2, 2]);
  assert.deepEqual(neighbour(slots, [0, 0], [-1, 0]), [0, 0]);
  assert.deepEqual(neighbour([], [0, 0], [1, 0]), [0, 0]);
});

test("labels of heads become digits, then fewer", () => {
  const names = ["H0", "H1", "H2", "H3"];
  const letters = (text) => 6 * text.length;
  assert.equal(fitting(letters, names, 20)(2, false), "H2");
  assert.equal(fitting(letters, names, 8)(2, false), "2");
  assert.equal(fitting(letters, names, 4)(1, false), "");
  assert.equal(fitting(letters, names, 4)(1, true), "1");
});

test("means of the grid are named as such, and numbers of heads have zero between", () => {
  assert.equal(labelOf(HEADS, [1, 3]), "L1 H3");
  assert.equal(labelOf(HEADS, [3, 4]), "mean of all heads");
  assert.equal(labelOf(HEADS, [3, 1]), "mean over layers, H1");
  assert.equal(labelOf(HEADS, [0, 4]), "L0, mean over heads");
  assert.deepEqual(endsOf(floats([0.5, null, 2])), { low: 0, high: 2 });
  assert.deepEqual(endsOf(undefined), { low: 0, high: 0 });
});

test("tokens of a decoding step are counted and put into words", () => {
  const flags = new Uint8Array(60);
  flags.set([1, 3, 5, 7, 0], 30 + 15); // of the second step, the second time step
  const confidence = new Float32Array(60).fill(0.25);
  const tokens = tokensAt({ flags, confidence }, 1, GRID, 1);
  assert.equal(wordsOf(tokens, [0, 0, 0]), "time 0, row 0, column 0 · given, never masked");
  assert.equal(
    wordsOf(tokens, [1, 0, 3]),
    "time 1, row 0, column 3 · filled in with another code, masked again next · confidence 0.25",
  );
  assert.equal(wordsOf(tokens, [1, 0, 4]), "time 1, row 0, column 4 · kept · confidence 0.25");
});
