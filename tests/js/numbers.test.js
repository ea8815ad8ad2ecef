// Pure numbers against what their Python twins say.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellName,
  groupsOf,
  indexOf,
  keyInWords,
  placeOf,
  shortName,
} from "../../phenaki_viz/browser/numbers/axis.js";
import {
  gradient,
  isBright,
  mixed,
  pixel,
  pixelOf,
  pixels,
} from "../../phenaki_viz/browser/numbers/colour.js";
import { drawnRange, scaleOver } from "../../phenaki_viz/browser/numbers/ends.js";
import { bytesIn, inflated } from "../../phenaki_viz/browser/numbers/letters.js";
import { pack, unpack } from "../../phenaki_viz/browser/numbers/message.js";
import {
  filterOf,
  filterWords,
  rankOf,
  rankWords,
} from "../../phenaki_viz/browser/numbers/row_filter.js";
import {
  axisOf,
  countsOf,
  measurer,
  placer,
  rawAt,
  saidTop,
} from "../../phenaki_viz/browser/numbers/scale.js";
import { decoded, valuesOf } from "../../phenaki_viz/browser/numbers/weight_codes.js";
import { codesOf, numbersOf } from "../../phenaki_viz/browser/numbers/weight_factors.js";
import { captionOf, spoken, times, weightSaid } from "../../phenaki_viz/browser/numbers/words.js";
import { termIn } from "../../phenaki_viz/browser/page/terms.js";
import { assertClose, axis, floats, number, twins } from "./helpers.js";

for (const { ends, values, unit } of twins.scales) {
  test(`a ${ends.law} scale from ${ends.low} to ${ends.high} is ColourScale.unit`, () => {
    const place = placer(ends);
    assertClose(
      values.map((value) => place(value)),
      unit,
      2e-6,
    );
  });

  if (ends.low === ends.high) continue;
  test(`a ${ends.law} scale from ${ends.low} to ${ends.high} is turned round by rawAt`, () => {
    const shares = [0, 0.125, 0.5, 1];
    assertClose(
      shares.map((share) => placer(ends)(rawAt(ends, share))),
      shares,
      1e-9,
    );
  });
}

test("multiples of uniform are ColourScale.measured", () => {
  const { weights, uniform, found } = twins.multiples;
  const tile = { window: [0, 5, 0, 7], cell: [1, 1], shape: [5, 7] };
  const measure = measurer({ law: "uniform" }, floats(uniform), tile);
  assertClose(
    weights.map((weight, i) => measure(weight, i)),
    found,
    1e-5,
  );
  assert.equal(measurer({ law: "linear" }, floats(uniform), tile)(0.5, 3), 0.5);
});

test("a value that stands for several queries is measured by their mean", () => {
  const uniform = floats([0.1, 0.3, 0.5, 0.5, 1]);
  const tile = { window: [1, 5, 0, 6], cell: [2, 3], shape: [2, 2] };
  const measure = measurer({ law: "uniform" }, uniform, tile);
  assertClose(
    [0, 1, 2, 3].map((i) => measure(1, i)),
    [2.5, 2.5, 4 / 3, 4 / 3],
    1e-6,
  );
});

test("the axis of a legend reaches the largest, and as low as a logarithm can show", () => {
  assert.deepEqual(axisOf({ low: 0.1, high: 0.4, most: 0.9, law: "linear" }), {
    low: 0,
    high: 0.9,
    law: "linear",
  });
  assertClose([axisOf({ low: 0.1, high: 0.4, most: null, law: "log" }).low], [0.4e-5], 1e-12);
  assert.equal(axisOf({ low: 0.5, high: 4, most: 8, law: "uniform" }).low, 1 / 8);
});

test("every finite value is counted once, the largest in the last bin", () => {
  const counts = countsOf({ low: 0, high: 1, law: "linear" }, [0, 0.5, 1, 2, NaN, Infinity], 4);
  assert.deepEqual([...counts], [1, 0, 1, 2]);
});

test("an end of the colours says when it stands for more", () => {
  assert.equal(saidTop({ high: 4, law: "uniform", above: true }), "4\u00a0× and above");
  assert.equal(saidTop({ high: 0.25, law: "linear", above: false }), "0.25");
});

for (const { header, names } of twins.axes) {
  test(`the cells of ${JSON.stringify([header.nulls, header.grid, header.words])} are MapAxis.name`, () => {
    assert.ok(names.length > 2);
    assert.deepEqual(
      names.map((_, at) => cellName(header, at)),
      names,
    );
  });

  test(`a patch of ${JSON.stringify([header.nulls, header.grid, header.origin])} is found again`, () => {
    for (let at = 0; at < names.length; at++) {
      const place = placeOf(header, at);
      if (place) assert.equal(indexOf(header, place), at);
      else assert.ok(at < header.nulls || header.words);
    }
    if (!header.grid) return;
    const patches = names.map((_, at) => placeOf(header, at)).filter(Boolean);
    assert.equal(patches.length, header.grid[0] * header.grid[1] * header.grid[2]);
  });
}

test("a patch outside of an axis is nowhere on it", () => {
  const one = axis({ grid: [2, 3, 5], origin: [4, 0, 0] });
  for (const place of [
    [3, 0, 0],
    [6, 0, 0],
    [4, 3, 0],
    [4, 0, -1],
  ])
    assert.equal(indexOf(one, place), null);
  assert.equal(indexOf(axis({ words: ["a"] }), [0, 0, 0]), null);
});

test("names in a margin are as short as they can be told apart", () => {
  assert.equal(shortName(axis({ nulls: 2, grid: [2, 3, 5] }), 1), "null 2");
  const words = axis({ nulls: 2, grid: null, words: ["two", "moving"] });
  assert.deepEqual(
    [1, 2].map((key) => keyInWords(words, key)),
    ["null key 2", "“two”"],
  );
  assert.equal(shortName(axis({ grid: [7, 1, 1] }), 3), "time 3");
  assert.equal(shortName(axis({ grid: [1, 4, 1], origin: [0, 2, 0] }), 1), "row 3");
  assert.equal(shortName(axis({ grid: [2, 3, 5] }), 17), "0, 2");
  assert.equal(shortName(axis({ nulls: 1, words: ["a", "b"] }), 2), "b");
  assert.equal(shortName(axis(), 4), "4");
});

test("groups of an axis lie between its breaks", () => {
  const one = axis({ breaks: [2, 17], groups: ["null", "time 0", "time 1"] });
  assert.deepEqual(groupsOf(one, 32), [
    ["null", 0, 2],
    ["time 0", 2, 17],
    ["time 1", 17, 32],
  ]);
});

test("weights come back from their codes as Python reads them", () => {
  const { codes, listed, read, values } = twins.codes;
  const found = decoded({ codes: Uint16Array.from(codes), listed: floats(listed) });
  assertClose(found, floats(read), 1e-12);
  assertClose(found, floats(values), 1e-6);
});

test("values that were sent as they are need no codes", () => {
  const values = floats([0.5, 1]);
  assert.equal(valuesOf({ values }), values);
});

test("weights come back from queries and keys to the last code", () => {
  const { sent, codes, listed } = twins.factors;
  const { head, parts } = unpack(Uint8Array.from(Buffer.from(sent, "base64")));
  const found = codesOf(head.factors, parts, 13);
  assert.deepEqual([...found.codes], codes);
  assert.deepEqual([...found.listed], listed);
  const values = decoded(found);
  assert.ok(values.every((value, i) => Number.isNaN(value) === (i % 13 === 6)));
  assert.deepEqual(valuesOf(parts, head), values);
});

test("whole numbers come back from their planes", () => {
  const bytes = Uint8Array.from([0, 1, 2, 255, 0, 0, 0, 255, 0, 0, 0, 1]);
  assert.deepEqual([...numbersOf(bytes, 4)], [0, -1, 1, -65536]);
});

for (const [bytes, text] of twins.letters) {
  test(`${bytes.length} bytes come back from ${text.length} letters`, () => {
    assert.deepEqual([...bytesIn(text)], bytes);
  });
}

test("what was deflated comes back from its letters", async () => {
  assert.deepEqual([...(await inflated("c-muRVg/*J4FCr"))], [1, 2, 3]);
});

for (const shift of [0, 1, 3]) {
  test(`a message that starts ${shift} bytes after a boundary is unpacked`, () => {
    const { sent, head, parts } = twins.message;
    const bytes = Buffer.from(sent, "base64");
    const moved = new Uint8Array(bytes.length + shift);
    moved.set(bytes, shift);
    const found = unpack(moved.subarray(shift));
    const { parts: _, ...said } = found.head;
    assert.deepEqual(said, head);
    for (const [name, expected] of Object.entries(parts)) {
      assert.deepEqual([...found.parts[name]], expected, name);
    }
  });
}

test("what is packed here comes back as it was", () => {
  const { sent, head, parts } = twins.message;
  const bytes = Uint8Array.from(Buffer.from(sent, "base64"));
  const found = unpack(bytes);
  const again = pack({ head: { ...head, left: null }, parts: found.parts });
  assert.deepEqual(unpack(again).parts, found.parts);
  assert.deepEqual({ ...unpack(again).head, parts: 0 }, { ...head, left: null, parts: 0 });
  assert.throws(() => pack({ head, parts: { odd: new Float64Array(2) } }), /no message holds/);
  assert.equal(Object.keys(parts).length, 4);
});

for (const { values, law, whole, scale } of twins.over) {
  test(`colours of the law ${law} end ${whole ? "at the largest" : "as Colours.over says"}`, () => {
    const found = scaleOver(floats(values), { law, whole, scope: "all pinned heads" });
    const { low, high, most, ...said } = found;
    assertClose([low, high, most], [scale.low, scale.high, scale.most], 1e-6);
    assert.deepEqual({ ...scale, ...said }, scale);
  });
}

test("nothing that is drawn has no range", () => {
  assert.deepEqual(drawnRange(floats([null, "inf"])), { top: 0, most: 0 });
  assert.equal(scaleOver(floats([]), { law: "log", whole: false, scope: "" }).high, 1);
});

test("a number is said as Python says it", () => {
  for (const [value, said] of twins.numbers) assert.equal(spoken(value), said);
});

test("large numbers are said in full, small weights with three digits", () => {
  assert.equal(spoken(123456.4), "123456");
  assert.equal(spoken(-12345), "−12345");
  assert.equal(weightSaid(1.23456e-7), "1.23e−7");
  assert.equal(times(0.5, 0.125), "4\u00a0×\u00a0uniform");
  assert.deepEqual(captionOf(0, [0]), ["time 0", " · frame 0"]);
  assert.deepEqual(captionOf(2, [3, 4]), ["time 2", " · frames 3–4"]);
});

test("the place of a weight in its row holds the one that Python gives it", () => {
  const { values, shape, ranks } = twins.ranks;
  const tile = { values: floats(values), shape, cell: [1, 1], window: [0, shape[0], 0, shape[1]] };
  ranks.flat().forEach((rank, i) => {
    const [first, last] = rankOf(tile, shape[1], i);
    assert.ok(first <= rank && rank <= last, `${i}: ${first}–${last}, not ${rank}`);
  });
  assert.equal(rankOf({ ...tile, cell: [2, 1] }, shape[1], 0), null);
  assert.equal(rankOf(tile, shape[1] + 1, 0), null);
  assert.equal(rankWords([2, 4], 9), "rank 2–4 of 9");
  assert.equal(rankWords(null, 9), "rank —");
});

test("what is left out has no weight, and the rest is renormalised", () => {
  const values = floats([0.5, 0.25, 0.25, 1, 0, 0]);
  const head = {
    rowFilter: { without: [0], said: [], colour: "#fff" },
    shape: [2, 3],
    window: [0, 2, 0, 3],
  };
  const rowFilter = filterOf(
    head,
    { keptBits: Uint8Array.of(0b01101100), left: floats([0.5, 0]) },
    values,
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((i) => rowFilter.kept(i)),
    [0, 1, 1, 0, 1, 1],
  );
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => rowFilter.shown(i)),
    [0, 0.5, 0.5, 0, 0],
  );
  assert.equal(filterWords(rowFilter, 0), " · left out");
  assert.equal(filterWords(rowFilter, 1), " · renormalised 0.5");
  assert.equal(filterOf({ ...head, rowFilter: null }, {}, values), null);
});

test("a cut of pooled values says how much of each is kept", () => {
  const head = {
    rowFilter: { without: [], said: [], colour: "#fff" },
    shape: [1, 2],
    window: [0, 2, 0, 4],
  };
  const rowFilter = filterOf(head, { kept: Uint8Array.of(51, 255) }, floats([0.5, 0.25]));
  assert.equal(filterWords(rowFilter, 0), " · 20\u00a0% of it kept");
  assert.equal(filterWords(rowFilter, 1), "");
  assert.equal(rowFilter.shown(1), 0.25);
});

test("pixels are what ImageData holds", () => {
  assert.deepEqual(
    [...new Uint8Array(Uint32Array.of(pixelOf("#0a64ff")).buffer)],
    [10, 100, 255, 255],
  );
  const table = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  const half = pixels(table, (share) => share / 2);
  assert.deepEqual([...new Uint8Array(half.slice(200, 201).buffer)], [200, 200, 200, 100]);
  assert.equal(mixed(pixel(0, 100, 200), pixel(100, 0, 100), 0.25), pixel(75, 25, 125));
  assert.equal(mixed(1, 2, 1), 1);
  assert.equal(mixed(1, 2, 0), 2);
  assert.ok(isBright(Uint8Array.of(255, 240, 200)) && !isBright(Uint8Array.of(20, 0, 90)));
});

test("a colour bar begins and ends with the ends of its table", () => {
  const table = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  const bar = gradient(table, "to right");
  assert.match(bar, /^linear-gradient\(to right, rgb\(0 0 0 \/ 1\), /);
  assert.match(bar, /rgb\(255 255 255 \/ 1\)\)$/);
});

test("a term is explained where Python finds it", () => {
  for (const [text, terms] of twins.terms) {
    assert.ok(Object.keys(terms).length);
    for (const term of Object.keys(terms)) assert.ok(termIn(text, term) >= 0, `${term} in ${text}`);
  }
  assert.equal(termIn("a word “with null key inside”", "null key"), -1);
  assert.equal(termIn("null-keyed", "null"), -1);
});

test("numbers of the twins are read as numbers", () => {
  assert.ok(Number.isNaN(number(null)) && number("inf") === Infinity);
});
