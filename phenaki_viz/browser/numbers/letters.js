// What a file holds as text: `deflated` of file_page.py.

// Base 85 of Python, but for the letters that markup means something by.
const LETTERS =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;.=/?@^_`{|}~";
const DIGITS = Uint8Array.from({ length: 128 }, (_, at) => {
  return Math.max(0, LETTERS.indexOf(String.fromCharCode(at)));
});

/**
 * Four bytes for five letters.
 * @param {string} text
 */
export function bytesIn(text) {
  const count = Math.ceil(text.length / 5);
  const padded = text.padEnd(5 * count, "~");
  const bytes = new DataView(new ArrayBuffer(4 * count));
  for (let i = 0, at = 0; i < count; i++) {
    let value = 0;
    for (const end = at + 5; at < end; at++) value = 85 * value + DIGITS[padded.charCodeAt(at)];
    bytes.setUint32(4 * i, value);
  }
  return new Uint8Array(bytes.buffer, 0, 4 * count - (padded.length - text.length));
}

/**
 * A message.
 * @param {string} text
 */
export async function inflated(text) {
  const stream = new Blob([bytesIn(text)]).stream();
  const content = stream.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(content).arrayBuffer());
}
