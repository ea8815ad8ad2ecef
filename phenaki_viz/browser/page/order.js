// Calls of one panel that went on in another order than they came in.
/** @import { Call } from "../types.js" */

/** The stamp of the newest call at each place. @type {WeakMap<Node, bigint>} */
const newest = new WeakMap();

/**
 * Whether the place of a call has shown newer data: calls that wait for a script go on in any order
 * once it is there. Data end with their number, see stamps.py.
 * @param {Call} call
 */
export function isOvertaken({ data, parentElement: root }) {
  const { buffer, byteOffset, byteLength } = data;
  const stamp = new DataView(buffer, byteOffset, byteLength).getBigUint64(byteLength - 8, true);
  if (stamp < (newest.get(root) ?? 0n)) return true;
  newest.set(root, stamp);
  return false;
}
