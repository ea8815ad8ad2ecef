// The browser's history, with the step that leaving a page makes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { passByLeavings } from "../../phenaki_viz/browser/page/leaving.js";

// A window whose history is a list of addresses, as Streamlit and a user write it.
function opened(first) {
  const here = new EventTarget();
  const navigation = new EventTarget();
  const entries = [];
  const shown = [];
  const come = (entry, navigationType) => {
    const from = navigation.currentEntry;
    navigation.currentEntry = entry;
    const change = Object.assign(new Event("currententrychange"), { navigationType, from });
    navigation.dispatchEvent(change);
  };
  const push = (path) => {
    const index = (navigation.currentEntry?.index ?? -1) + 1;
    const entry = { key: `${entries.length}.${index}`, index, url: `http://here${path}` };
    entries.splice(index, Infinity, entry);
    if (index) come(entry, "push");
    else navigation.currentEntry = entry;
  };
  here.history = {
    go(by) {
      come(entries[navigation.currentEntry.index + by], "traverse");
      here.dispatchEvent(new Event("popstate", { cancelable: true }));
    },
  };
  push(first);
  passByLeavings(here, navigation);
  here.addEventListener("popstate", () => shown.push(navigation.currentEntry.url.slice(11)));
  const touch = () => here.dispatchEvent(new Event("pointerdown"));
  return { push, touch, go: here.history.go, shown };
}

test("back and forward pass by the page without its settings that leaving it made", () => {
  const { push, touch, go, shown } = opened("/sampling?decoding=9");
  touch();
  push("/sampling");
  push("/heads");
  go(-1);
  assert.deepEqual(shown, ["/sampling?decoding=9"]);
  go(1);
  assert.deepEqual(shown, ["/sampling?decoding=9", "/heads"]);
});

test("settings that were put back by hand before leaving are a step of their own", () => {
  const { push, touch, go, shown } = opened("/sampling?decoding=9");
  touch();
  push("/sampling");
  touch();
  push("/heads");
  go(-1);
  assert.deepEqual(shown, ["/sampling"]);
});

test("a page that was left without settings is gone back to", () => {
  const { push, touch, go, shown } = opened("/sampling");
  touch();
  push("/heads");
  touch();
  push("/heads?kind=self");
  go(-1);
  go(-1);
  assert.deepEqual(shown, ["/heads", "/sampling"]);
});
