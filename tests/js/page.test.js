// What panels have in common: offers, the selection, texts that agree with pictures.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { agree, gone, isOf, painted } from "../../phenaki_viz/browser/page/agreement.js";
import { isTyping, withoutModifiers } from "../../phenaki_viz/browser/page/elements.js";
import { LinkedPanel } from "../../phenaki_viz/browser/page/linked.js";
import { isOvertaken } from "../../phenaki_viz/browser/page/order.js";
import {
  awaitPaint,
  memoryOf,
  page,
  publish,
  select,
  selectionOf,
  slotOf,
  withdraw,
} from "../../phenaki_viz/browser/page/page.js";
import { Figure } from "../../phenaki_viz/browser/panels/figure.js";
import { Said } from "../../phenaki_viz/browser/panels/said.js";

afterEach(() => {
  for (const kept of [page.shared, page.panels, page.memories, page.pictures, page.texts])
    kept.clear();
  page.selections.clear();
});

test("what is offered is heard of by those who listen, and taken back only by its owner", () => {
  const heard = [];
  page.panels.add({ offered: (name) => heard.push(name) }).add({});
  publish("weights", { of: "a" });
  publish("weights", { of: "b" });
  assert.deepEqual(heard, ["weights", "weights"]);
  withdraw("weights", "a");
  assert.equal(page.shared.get("weights").of, "b");
  withdraw("weights", "b");
  assert.equal(page.shared.size, 0);
});

test("what is remembered of a panel is the same object the next time", () => {
  memoryOf("map").picked = [1, 2];
  assert.deepEqual(memoryOf("map"), { picked: [1, 2] });
  assert.deepEqual(memoryOf("other"), {});
});

test("a text of a run is true of every head of it, not of another run", () => {
  assert.ok(isOf("run L1 H3", "run") && isOf("run", "run"));
  assert.ok(!isOf("runs L1", "run") && !isOf("run", "run L1"));
});

const picture = (shows) => ({
  shows,
  aged: [],
  age(old) {
    this.aged.push(old);
  },
});
const text = (says) => ({
  calls: [],
  follow() {
    this.calls.push("follow");
  },
  note() {
    this.calls.push("note");
  },
  outgrew: (key, shows) => key in says && !isOf(shows, says[key]),
});

test("texts follow before pictures are judged, and say last whether they agree", () => {
  const [own, other] = [picture("run L1"), picture("old")];
  const said = text({ map: "run", strip: "run" });
  page.texts.add(said);
  painted("map", own);
  painted("strip", other);
  assert.deepEqual(said.calls, ["follow", "note", "follow", "note"]);
  assert.equal(own.aged.at(-1), false);
  assert.equal(other.aged.at(-1), true);
});

test("a picture that is gone is judged no more, nor one that took its place", () => {
  const [first, second] = [picture("a"), picture("b")];
  painted("map", first);
  painted("map", second);
  gone("map", first);
  assert.equal(page.pictures.get("map"), second);
  gone("map", second);
  agree();
  assert.equal(second.aged.length, 1);
});

test("letters belong to fields that are written in, but not to sliders", () => {
  const event = (target) => ({ composedPath: () => [target] });
  assert.ok(isTyping(event({ tagName: "INPUT", type: "text" })));
  assert.ok(
    isTyping(event({ tagName: "TEXTAREA" })) &&
      isTyping(event({ tagName: "P", isContentEditable: true })),
  );
  assert.ok(
    !isTyping(event({ tagName: "INPUT", type: "range" })) &&
      !isTyping(event({ tagName: "CANVAS" })),
  );
  assert.ok(withoutModifiers({}) && !withoutModifiers({ ctrlKey: true }));
});

test("a call that a newer one overtook is told apart, place by place, by all digits of its number", () => {
  const call = (stamp, parentElement) => {
    const data = new Uint8Array(4 + 8);
    new DataView(data.buffer).setBigUint64(4, stamp, true);
    return { data: data.subarray(1), parentElement };
  };
  const [root, other] = [{}, {}];
  const newer = 2n ** 53n + 1n; // which a float does not tell from the one before
  assert.ok(!isOvertaken(call(newer, root)));
  assert.ok(isOvertaken(call(newer - 1n, root)));
  assert.ok(!isOvertaken(call(newer, root)));
  assert.ok(!isOvertaken(call(newer - 1n, other)));
});

test("a text hears when a picture no longer lags behind what was picked, and only then", () => {
  const said = text({ strip: "run" });
  page.texts.add(said);
  const panel = Object.create(LinkedPanel.prototype);
  panel.panel = { classList: { toggle: () => {} } };
  panel.old = false;
  for (const late of [false, true, true, false]) panel.lags(late);
  assert.deepEqual(said.calls, ["follow", "note", "follow", "note"]);
  assert.equal(panel.panel.ariaBusy, "false");
});

test("a figure of plotly is dimmed by its style: the page would look for a class everywhere", () => {
  const card = { style: { opacity: "" } };
  const figure = Object.assign(Object.create(Figure.prototype), { card });
  const dimmed = [true, false].map((old) => {
    figure.age(old);
    return [card.style.opacity, card.ariaBusy];
  });
  assert.deepEqual(dimmed, [
    ["0.42", "true"],
    ["", "false"],
  ]);
});

test("what is picked in one slot of a page is not heard of in another", () => {
  const panel = (id) => ({
    slot: slotOf(id),
    heard: [],
    onSelection(pick) {
      this.heard.push(pick.query);
    },
  });
  const [map, strip, second] = ["map", "strip", "b-map"].map(panel);
  for (const one of [map, strip, second]) page.panels.add(one);
  select("", { pick: { query: 3 }, seen: 0 });
  select("b-", { pick: { query: 5 }, seen: 0 });
  assert.deepEqual([map.heard, strip.heard, second.heard], [[3], [3], [5]]);
  selectionOf("").last = 9; // a pick of the first slot is on its way to Python
  select("", { pick: { query: 4 }, seen: 8 });
  select("b-", { pick: { query: 6 }, seen: 8 });
  assert.deepEqual([selectionOf("").pick.query, selectionOf("b-").pick.query], [3, 6]);
  assert.deepEqual(
    [slotOf("grid.heads"), slotOf("b-grid.heads"), slotOf("by-step")],
    ["", "b-", ""],
  );
});

test("a panel tells those of its own slot alone", () => {
  const heard = [];
  const other = (slot) => ({ slot, onSelection: (pick) => heard.push([slot, pick.query]) });
  for (const slot of ["", "b-"]) page.panels.add(other(slot));
  const panel = Object.create(LinkedPanel.prototype, {
    head: { value: { id: "b-map", link: "self" } },
  });
  panel.showTogether({ query: 7 });
  assert.deepEqual(heard, [["b-", 7]]);
  assert.equal(selectionOf("b-").pick.query, 7);
  assert.equal(selectionOf("").pick, null);
});

test("Python hears once of the picture it waits for, and not of the one before", () => {
  const asked = [];
  globalThis.document = { baseURI: "http://here/app/" };
  globalThis.requestAnimationFrame = (frame) => frame();
  globalThis.fetch = async (address) => asked.push(address);
  awaitPaint({ tell: "painted/one", by: "map", of: "run 2" });
  painted("map", picture("run 1 L1"));
  painted("strip", picture("run 2 L1"));
  assert.deepEqual(asked, []);
  painted("map", picture("run 2 L1"));
  awaitPaint({ tell: "painted/one", by: "map", of: "run 2" });
  painted("map", picture("run 2 L2"));
  assert.deepEqual(asked, ["http://here/app/painted/one"]);
  awaitPaint({ tell: "painted/two", by: "map", of: "run 3" });
  painted("map", picture("run 3 L1"));
  assert.deepEqual(asked, ["http://here/app/painted/one", "http://here/app/painted/two"]);
});

test("a sentence comes with the picture of its own patch, not of the one that it named before", () => {
  const said = Object.create(Said.prototype);
  const draws = [];
  Object.assign(said, { draw: () => draws.push(said.place), head: null, place: undefined });
  const of = { row: "run L1 patch {place}" };
  said.next = { id: "sentence", link: "a", place: [2, 1, 0], of };
  page.pictures.set("row", { shows: "run L1 patch 2.1.0" }); // painted before the words came
  said.follow();
  assert.deepEqual(draws, [[2, 1, 0]]);
  said.next = { id: "sentence", link: "b", place: [0, 0, 1], of: { row: "run L2 patch {place}" } };
  said.follow();
  assert.equal(draws.length, 1); // its picture still shows the other
  page.pictures.set("row", { shows: "run L2 patch 0.0.1" });
  said.follow();
  assert.deepEqual(draws.at(-1), [0, 0, 1]);
});
