// Lines of a map that is too large to be sent: asked for once, kept, and ahead of the pointer.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { KernelLines } from "../../phenaki_viz/browser/hosts/kernel_lines.js";
import { FarLines } from "../../phenaki_viz/browser/strip/far_lines.js";
import { axis } from "./helpers.js";

const GRID = [2, 3, 5];
const SIZE = 30;
let asked = [];
let answers = true;

globalThis.document = { baseURI: "http://127.0.0.1/deep/app/" };

/** A line of a place holds its number everywhere, and what a query gives that does not choose. */
function line(name) {
  const number = Number(name.replaceAll(".", ""));
  return [0.125, ...new Array(SIZE).fill(number)];
}

globalThis.fetch = async (address) => {
  const query = new URL(address).searchParams;
  const names = query.get("at")?.split("_") ?? [query.get("word")];
  asked.push(address.pathname, names.join(" "));
  const numbers = Float32Array.from(names.flatMap(line));
  return { ok: answers, arrayBuffer: async () => numbers.buffer };
};

beforeEach(() => {
  asked = [];
  answers = true;
});

function strip(settings = {}) {
  const axes = { query: axis({ grid: GRID }), key: axis({ title: "key", nulls: 1, grid: GRID }) };
  const head = { lines: "phenaki-viz/lines/secret", grid: GRID, axes, side: "row", ...settings };
  const made = { head, came: 0, drawn: 0 };
  made.far = new FarLines(made);
  made.lineCame = () => made.came++;
  made.relook = () => made.drawn++;
  made.far.take();
  return made;
}

// Several turns: what waits for one, as lines beside do, has had it.
async function settled() {
  for (let turn = 0; turn < 4; turn++) await new Promise((done) => setTimeout(done, 2));
}
afterEach(settled); // what is asked for ahead of the pointer

test("a line is asked for once, kept, and its neighbours with it", async () => {
  const made = strip();
  assert.equal(made.far.weightsOf([[1, 2, 3]], "mean"), null);
  assert.ok(made.far.waits);
  await settled();
  assert.equal(made.came, 1);
  assert.ok(!made.far.waits);
  assert.deepEqual([...made.far.weightsOf([[1, 2, 3]], "mean")], new Array(SIZE).fill(123));
  assert.equal(made.far.uniformOf([[1, 2, 3]]), 0.125);
  const path = "/deep/app/phenaki-viz/lines/secret";
  assert.deepEqual(asked, [path, "1.2.3", path, "1.2.4 1.2.2 1.1.3 0.2.3"]);
  assert.equal(made.far.weightsOf([[0, 2, 3]], "mean")[7], 23); // a neighbour, of a step before
});

test("several patches are put together as Python does", async () => {
  const made = strip();
  const places = [
    [0, 0, 1],
    [0, 0, 3],
  ];
  assert.equal(made.far.weightsOf(places, "mean"), null);
  await settled();
  assert.equal(made.far.weightsOf(places, "mean")[0], 2);
  assert.equal(made.far.weightsOf(places, "sum")[0], 4);
  assert.equal(asked.length, 2);
});

test("the newest wins, and what was wanted before is not drawn", async () => {
  const made = strip();
  made.far.weightsOf([[0, 0, 1]], "mean");
  made.far.weightsOf([[0, 1, 0]], "mean");
  await settled();
  assert.equal(made.came, 1);
  assert.equal(made.far.weightsOf([[0, 1, 0]], "mean")[0], 10);
});

test("what lies under the pointer is here before it is clicked", async () => {
  const made = strip();
  made.far.lookAhead([[1, 1, 1]]);
  await settled();
  assert.equal(made.came, 0);
  assert.equal(made.far.weightsOf([[1, 1, 1]], "mean")[0], 111);
});

test("a word's readers are asked for by its number", async () => {
  const made = strip();
  assert.equal(made.far.readersOf(4), null);
  await settled();
  assert.equal(made.far.readersOf(4)[0], 4);
  assert.deepEqual(asked.slice(1), ["4"]);
});

test("patches of another map are left to Python", async () => {
  const made = strip({
    axes: { query: axis({ grid: [1, 3, 5], origin: [1, 0, 0] }), key: axis() },
  });
  assert.equal(made.far.weightsOf([[0, 0, 1]], "mean"), null);
  assert.ok(!made.far.waits);
  await settled();
  assert.deepEqual(asked, []);
});

test("where no line comes, Python is asked as before, until there is another address", async () => {
  const made = strip();
  answers = false;
  made.far.weightsOf([[0, 0, 1]], "mean");
  await settled();
  assert.equal(made.came, 1);
  assert.ok(!made.far.able && !made.far.waits);
  assert.equal(made.far.weightsOf([[0, 0, 1]], "mean"), null);
  assert.equal(asked.length, 2);
  answers = true;
  made.head.lines = "phenaki-viz/lines/other";
  made.far.take();
  made.far.weightsOf([[0, 0, 1]], "mean");
  await settled();
  assert.equal(made.far.weightsOf([[0, 0, 1]], "mean")[0], 1);
});

test("lines of another head are not taken for its own", async () => {
  const made = strip();
  made.far.weightsOf([[0, 0, 1]], "mean");
  made.head.lines = "phenaki-viz/lines/other";
  made.far.take();
  await settled();
  assert.equal(made.came, 0);
  assert.equal(made.far.weightsOf([[0, 0, 1]], "mean"), null);
});

test("a line that is long in coming is said to be late", async () => {
  const made = strip();
  const { fetch } = globalThis;
  globalThis.fetch = () => new Promise(() => {});
  made.far.weightsOf([[0, 0, 1]], "mean");
  await new Promise((done) => setTimeout(done, 130));
  assert.equal(made.drawn, 1);
  assert.ok(!made.far.waits);
  made.far.close();
  globalThis.fetch = fetch;
});

test("the least recently used lines are let go", () => {
  const { far } = strip({ grid: [64, 64, 64] }); // 16 of them
  for (let i = 0; i < 20; i++) {
    if (i > 15) far.used("0");
    far.keep(String(i), { weights: new Float32Array(1), uniform: 1 });
  }
  assert.equal(far.kept.size, 16);
  assert.ok(far.kept.has("0") && !far.kept.has("1"));
});

/** A widget's model: what is sent is answered by hand. */
function widget() {
  const heard = new Set();
  const model = {
    sent: [],
    send: (message) => model.sent.push(message),
    on: (_, answer) => heard.add(answer),
    off: (_, answer) => heard.delete(answer),
    say: (...told) => {
      for (const answer of heard) answer(...told);
    },
    heard,
  };
  return model;
}

/** The bytes of a line, somewhere in a larger message. */
function bytes(name) {
  const numbers = new Uint8Array(Float32Array.from(line(name)).buffer);
  const around = new Uint8Array(numbers.length + 7);
  around.set(numbers, 3);
  return new DataView(around.buffer, 3, numbers.length);
}

test("in a notebook the same lines are asked for by messages, each view for itself", async () => {
  const model = widget();
  const wire = new KernelLines(model, "kernel:a");
  const made = strip({ lines: "kernel:a/0.1.0" });
  assert.equal(made.far.weightsOf([[1, 2, 3]], "mean"), null);
  const [{ kind, number, address, asked: what }] = model.sent;
  assert.deepEqual([kind, address, what], ["lines", "kernel:a/0.1.0", { at: "1.2.3" }]);
  model.say({ kind: "lines", number: "another view's" }, [bytes("9.9.9")]);
  model.say({ kind: "else", number }, []);
  await settled();
  assert.deepEqual(made.far.wanted, ["1,2,3"]);
  model.say({ kind: "lines", number }, [bytes("1.2.3")]);
  await settled();
  assert.deepEqual([...made.far.weightsOf([[1, 2, 3]], "mean")], new Array(SIZE).fill(123));
  assert.deepEqual(model.sent[1].asked, { at: "1.2.4_1.2.2_1.1.3_0.2.3" });
  assert.deepEqual(asked, []); // nothing by HTTP
  made.far.weightsOf([[0, 0, 0]], "mean");
  wire.close(); // what is on its way will not come: Python is asked
  await settled();
  assert.ok(!made.far.able && model.heard.size === 0);
});

test("where a notebook's Python knows no such lines it is asked as before", async () => {
  const model = widget();
  const wire = new KernelLines(model, "kernel:b");
  const made = strip({ lines: "kernel:b/0.1.0" });
  made.far.weightsOf([[1, 2, 3]], "mean");
  model.say({ kind: "lines", number: model.sent[0].number });
  await settled();
  assert.ok(!made.far.able && made.came === 1);
  wire.close();
});
