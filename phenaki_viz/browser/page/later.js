// What can wait until what was done is seen.

const LONGEST = 200; // milliseconds: where nothing is seen, nothing is painted

/**
 * Once, after the next paint.
 * @param {() => void} act
 */
export function afterPaint(act) {
  let due = true;
  const once = () => {
    clearTimeout(last);
    if (due) act();
    due = false;
  };
  const last = setTimeout(once, LONGEST);
  requestAnimationFrame(() => setTimeout(once));
}
