// Nothing to see: what Python says once, for the other components of the page.
import { unpack } from "../numbers/message.js";
import { awaitPaint, publish, select, slotOf } from "../page/page.js";

export default ({ data }) => {
  const { head, parts } = unpack(data);
  if (head.tell) awaitPaint(/** @type {any} */ (head));
  if (head.pick) select(slotOf(head.id), /** @type {any} */ (head));
  else publish(head.name, { ...head, parts });
};
