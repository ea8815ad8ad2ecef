// Whoever goes back finds what was there: one act of a person is one entry of the browser's history.
//
// Streamlit writes a page's settings into the address one by one, each as an entry of its own: those
// of a page that is come to, those that a click on a head changes, and those that it takes out
// before it leaves a page. Back led to such an entry, where what the address did not yet say is
// taken to be as a page begins: settings were lost. What is pushed with no act since the last push
// takes that one's place. Browsers without the Navigation API keep them: some entries more.

const ACTS = ["pointerdown", "keydown", "wheel"];

/**
 * Keep to one entry an act, from now on.
 * @param {Window} here
 * @param {any} navigation of that window
 */
export function oneEntryAnAct(here = window, navigation = /** @type {any} */ (here).navigation) {
  if (!navigation) return;
  let acted = false;
  const act = () => (acted = true);
  for (const kind of ACTS) here.addEventListener(kind, act, { capture: true, passive: true });
  navigation.addEventListener("navigate", (/** @type {any} */ event) => {
    const { navigationType, destination } = event;
    const follows = navigationType === "push" && destination.sameDocument && !acted;
    if (navigationType !== "replace") acted = false;
    if (!follows) return;
    event.preventDefault();
    here.history.replaceState({}, "", destination.url);
  });
}
