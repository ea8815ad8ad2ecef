// Whoever leaves a page and goes back finds what was chosen there.
//
// Streamlit takes a page's settings out of the address before it goes to another one, as a step of
// the browser's history of its own: back leads there, to the page with nothing chosen. Steps that
// only leaving made are passed by. Browsers without the Navigation API keep them: one step more.

/** @typedef {{ key: string, index: number, url: string }} Entry */

const partsOf = (/** @type {Entry} */ entry) => new URL(entry.url);

/**
 * Pass by what only leaving made, from now on.
 * @param {Window} here
 * @param {any} navigation of that window
 */
export function passByLeavings(here = window, navigation = /** @type {any} */ (here).navigation) {
  if (!navigation) return;
  /** @type {Set<string>} */
  const passed = new Set();
  /** A step that lost its settings, until somebody touches the page. */
  let bare = "";
  let direction = 0;
  const touched = () => (bare = "");
  here.addEventListener("pointerdown", touched, true);
  here.addEventListener("keydown", touched, true);
  navigation.addEventListener(
    "currententrychange",
    (/** @type {any} */ { navigationType, from }) => {
      const now = navigation.currentEntry;
      direction = Math.sign(now.index - from.index);
      if (navigationType !== "push") return;
      const [left, come] = [partsOf(from), partsOf(now)];
      if (left.pathname !== come.pathname) {
        if (from.key === bare) passed.add(bare);
        bare = "";
      } else bare = left.search && !come.search ? now.key : "";
    },
  );
  // Before Streamlit hears of it, which would run the page without its settings.
  here.addEventListener(
    "popstate",
    (event) => {
      if (!passed.has(navigation.currentEntry.key)) return;
      event.stopImmediatePropagation();
      here.history.go(direction || -1);
    },
    true,
  );
}
