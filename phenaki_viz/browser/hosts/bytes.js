/** @param {DataView | Uint8Array | ArrayBuffer} sent bytes, as a kernel's messages hand them over */
export function bytesOf(sent) {
  if (!ArrayBuffer.isView(sent)) return new Uint8Array(sent);
  return new Uint8Array(sent.buffer, sent.byteOffset, sent.byteLength);
}
