// What stands under frames: all of it where there is room, never over the next step's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTight } from "../../phenaki_viz/browser/page/caption.js";

test("a caption that would reach the next step's is said shorter", () => {
  assert.equal(isTight("time 0 · frame 0", 48), true); // 800 px wide, with the sidebar open
  assert.equal(isTight("time 0 · frame 0", 76), false);
  assert.equal(isTight("time 0 · frame 0", 110), false);
  assert.equal(isTight("time 2 · frames 3–4", 155), false);
  assert.equal(isTight("time 12 · frames 23–24", 91), true);
});
