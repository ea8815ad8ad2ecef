// The browser's history: one entry for each act of a person.
import assert from "node:assert/strict";
import { test } from "node:test";
import { oneEntryAnAct } from "../../phenaki_viz/browser/page/history.js";

// A window whose history is a list of addresses, as Streamlit and a user write it.
function opened(first) {
  const here = new EventTarget();
  const navigation = new EventTarget();
  const entries = [first];
  const comes = (navigationType, path, sameDocument = true) => {
    const event = new Event("navigate", { cancelable: true });
    const destination = { url: path, sameDocument };
    return navigation.dispatchEvent(Object.assign(event, { navigationType, destination }));
  };
  here.history = {
    replaceState(_state, _title, path) {
      if (comes("replace", path)) entries[entries.length - 1] = path;
    },
  };
  const push = (path, sameDocument) => {
    if (comes("push", path, sameDocument)) entries.push(path);
  };
  const replace = (path) => here.history.replaceState({}, "", path);
  const act = (kind = "pointerdown") => here.dispatchEvent(new Event(kind));
  oneEntryAnAct(here, navigation);
  return { push, replace, act, traverse: () => comes("traverse", first), entries };
}

test("the page without its settings, which leaving it makes, is no entry", () => {
  const { push, act, entries } = opened("/sampling?decoding=9");
  act();
  push("/sampling");
  push("/heads");
  assert.deepEqual(entries, ["/sampling?decoding=9", "/heads"]);
});

test("a page that is come to with its settings put back one by one is one entry", () => {
  const { push, act, entries } = opened("/?column=3");
  act();
  push("/sampling");
  push("/sampling?decoding=9");
  push("/sampling?decoding=9&guidance=5");
  act();
  push("/sampling?decoding=9");
  push("/?column=3");
  assert.deepEqual(entries, ["/?column=3", "/sampling?decoding=9&guidance=5", "/?column=3"]);
});

test("a click that changes two settings is one entry, and the next act another", () => {
  const { push, replace, act, entries } = opened("/");
  act();
  push("/?layer=1");
  push("/?layer=1&head=2");
  act("keydown");
  replace("/?layer=1&head=2&law=Log"); // a control writes its own value so
  push("/?layer=3&head=2&law=Log");
  act("wheel");
  push("/?layer=3&head=2&view=1-2-3-4");
  const [first, ...rest] = entries;
  assert.equal(first, "/");
  assert.deepEqual(rest, [
    "/?layer=1&head=2&law=Log",
    "/?layer=3&head=2&law=Log",
    "/?layer=3&head=2&view=1-2-3-4",
  ]);
});

test("a link that is corrected stands in its own place", () => {
  const { push, entries } = opened("/?layer=99");
  push("/");
  assert.deepEqual(entries, ["/"]);
});

test("what comes after a step back takes the place of nothing that lies before", () => {
  const { push, act, traverse, entries } = opened("/");
  act();
  push("/heads");
  act("keydown"); // Alt and the left arrow
  traverse();
  push("/?layer=1");
  assert.deepEqual(entries, ["/", "/?layer=1"]);
});

test("another document is gone to as ever", () => {
  const { push, entries } = opened("/");
  push("/docs", false);
  assert.deepEqual(entries, ["/", "/docs"]);
});
