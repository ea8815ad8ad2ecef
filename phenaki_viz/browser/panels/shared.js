// Nothing to see: what Python says once, for the other components of the page.
import { unpack } from "../numbers/message.js";
import { offer, room } from "../page/room.js";

function hear({ pick, seen, tell }) {
  room.tell ??= tell;
  // A newer pick than Python knows of is on its way to it.
  if (room.playing || seen < room.last) return;
  room.pick = pick;
  for (const panel of room.panels) panel.hear(pick);
}

export default ({ data }) => {
  const { head, parts } = unpack(data);
  if (head.pick) hear(/** @type {any} */ (head));
  else offer(head.name, { ...head, parts });
};
