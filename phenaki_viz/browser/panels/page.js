// Keys that lead to a picture, and the sidebar: once for the page, however often it is drawn.
import { unpack } from "../numbers/message.js";
import { isTyping, plain, used } from "../page/elements.js";

/** @type {{ goes: Record<string, string>, heard: boolean, folds: boolean }} */
const frame = { goes: {}, heard: false, folds: true };

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
    plain(event) &&
    !isTyping(event) &&
    Object.hasOwn(frame.goes, event.key) &&
    document.querySelector(`.st-key-${frame.goes[event.key]}`);
  const picture = box && focusable(box);
  if (!picture) return;
  used(event);
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

export default ({ data }) => {
  const { head } = unpack(data);
  frame.goes = head.goes;
  if (!frame.heard) document.addEventListener("keydown", lead);
  frame.heard = true;
  fold(head.folded);
};
