// Keys that lead to a picture, the sidebar, the theme and the way back: once for the page, however
// often it is drawn.
import { unpack } from "../numbers/message.js";
import { consume, isTyping, withoutModifiers } from "../page/elements.js";
import { oneEntryAnAct } from "../page/history.js";

/** @type {{ goes: Record<string, string>, heard: boolean, folds: boolean, ground: string,
 *           tell: (name: string, value: string) => void }} */
const frame = { goes: {}, heard: false, folds: true, ground: "", tell: () => {} };

// The first thing in a picture that takes the focus; what a component draws is in its shadow.
function focusable(root) {
  const own = root.querySelector('[tabindex="0"][role="img"]');
  if (own) return own;
  for (const element of root.querySelectorAll("*")) {
    const found = element.shadowRoot && focusable(element.shadowRoot);
    if (found) return found;
  }
  return null;
}

function lead(event) {
  const box =
    withoutModifiers(event) &&
    !isTyping(event) &&
    Object.hasOwn(frame.goes, event.key) &&
    document.querySelector(`.st-key-${frame.goes[event.key]}`);
  const picture = box && focusable(box);
  if (!picture) return;
  consume(event);
  picture.focus();
}

// Where the window is narrow the picture comes first: the sidebar is a click away.
function fold(narrower) {
  if (!frame.folds) return;
  frame.folds = false;
  if (innerWidth >= narrower) return;
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button");
  /** @type {HTMLElement | null} */ (button)?.click();
}

// What Python drew has the colours of the theme it was drawn in: it is asked for others. A change
// of theme reaches the page as other classes of the app's outermost element.
function watchGround() {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app) return;
  const ground = () => getComputedStyle(app).backgroundColor;
  frame.ground = ground();
  new MutationObserver(() => {
    if (ground() === frame.ground) return;
    frame.ground = ground();
    frame.tell("ground", frame.ground);
  }).observe(app, { attributeFilter: ["class"] });
}

export default ({ data, setTriggerValue }) => {
  const { head } = unpack(data);
  frame.goes = head.goes;
  frame.tell = setTriggerValue;
  if (!frame.heard) {
    document.addEventListener("keydown", lead);
    watchGround();
    oneEntryAnAct();
  }
  frame.heard = true;
  fold(head.folded);
};
