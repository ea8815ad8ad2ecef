// Elements that stay while what they say changes, and what waits for the paint.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { afterPaint } from "../../phenaki_viz/browser/page/later.js";
import { change, note, renew } from "../../phenaki_viz/browser/page/renewing.js";

/** As much of a document as `renew` asks for. */
class Some {
  constructor(nodeName, settings = {}, ...children) {
    Object.assign(this, { nodeName, className: "", title: "", childNodes: [] }, settings);
    this.style = { cssText: settings.css ?? "" };
    this.hasAttribute = (name) => name === "style" && this.style.cssText !== "";
    this.append(...children);
  }
  append(...children) {
    for (const one of children) this.childNodes.push(this.owned(one));
  }
  owned(child) {
    const node = typeof child === "string" ? { data: child } : child;
    node.remove = () => this.childNodes.splice(this.childNodes.indexOf(node), 1);
    return node;
  }
  replaceChild(next, old) {
    this.childNodes[this.childNodes.indexOf(old)] = this.owned(next);
  }
  get words() {
    return this.childNodes.map((node) => node.data ?? `<${node.words}>`).join("");
  }
}
globalThis.document = { createTextNode: (data) => ({ data }) };
const bold = (text, settings) => new Some("B", settings, text);

test("what is said anew is said by the elements that stand there", () => {
  const box = new Some("DIV", {}, new Some("SPAN", { css: "red" }), bold("time 2"), " looks");
  const there = [...box.childNodes];
  renew(box, new Some("SPAN", { css: "blue" }), bold("time 3"), " reads");
  assert.deepEqual(box.childNodes, there);
  assert.equal(box.words, "<><time 3> reads");
  assert.equal(there[0].style.cssText, "blue");
});

for (const [why, next] of [
  ["tag", () => new Some("I", {}, "one")],
  ["class", () => bold("one", { className: "hint" })],
  ["title", () => bold("one", { title: "what it means" })],
  ["kind", () => "one"],
]) {
  test(`of another ${why} it is another element`, () => {
    const box = new Some("DIV", {}, bold("one"), "rest");
    const [old, rest] = box.childNodes;
    renew(box, next(), "rest");
    assert.notEqual(box.childNodes[0], old);
    assert.equal(box.childNodes[1], rest);
    assert.match(box.words, /one.*rest/);
  });
}

test("there may be more of it, or less, down to nothing", () => {
  const box = new Some("DIV", {}, "a");
  for (const said of [["a", bold("b"), "c"], [bold("b")], [], ["d"]]) {
    renew(box, ...said);
    assert.equal(
      box.words,
      said.map((one) => one.data ?? (one.words ? `<${one.words}>` : one)).join(""),
    );
  }
});

test("only what changes is written", () => {
  const written = [];
  const watched = (kept) =>
    new Proxy(kept, {
      set: (of, name, value) => written.push([name, value]) && Reflect.set(of, name, value),
    });
  change(watched({ hidden: false, ariaLabel: "a" }), { hidden: false, ariaLabel: "b" });
  note(
    { dataset: watched({ patch: "1,2,3", locked: "true" }) },
    { patch: [1, 2, 4], locked: true },
  );
  assert.deepEqual(written, [
    ["ariaLabel", "b"],
    ["patch", "1,2,4"],
  ]);
});

afterEach(() => {
  delete globalThis.requestAnimationFrame;
});

test("what waits for the paint comes after it, once", async () => {
  const said = [];
  globalThis.requestAnimationFrame = (paint) =>
    setTimeout(() => {
      said.push("paint");
      paint();
    }, 5);
  await new Promise((done) => {
    afterPaint(() => done(said.push("told")));
    said.push("begun");
  });
  await new Promise((done) => setTimeout(done, 250)); // as long as it waits where nothing is painted
  assert.deepEqual(
    said.filter((one) => typeof one === "string" && one),
    ["begun", "paint", "told"],
  );
});

test("where nothing is painted, as in a tab that is not seen, it comes all the same", async () => {
  globalThis.requestAnimationFrame = () => {};
  await new Promise((done) => afterPaint(() => done(true)));
});
