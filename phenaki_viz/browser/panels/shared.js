// Nothing to see: what Python says once, for the other components of the page.
import { unpack } from "../numbers/message.js";
import { offer, room, select, slotOf } from "../page/room.js";

export default ({ data }) => {
  const { head, parts } = unpack(data);
  room.tell ??= head.tell;
  if (head.pick) select(slotOf(head.id), /** @type {any} */ (head));
  else offer(head.name, { ...head, parts });
};
