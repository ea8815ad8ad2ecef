// The frames of a video, which Python sends once, by a component of their own.
import { copy, frameOf, offscreen } from "../page/canvas.js";
import { page } from "../page/page.js";

/**
 * @param {{ name: string, of: string }} film
 * @returns {OffscreenCanvas[] | null} null until they are here
 */
export function picturesOf({ name, of }) {
  const film = page.shared.get(name);
  if (film?.of !== of) return null;
  const [count, ...shape] = film.shape;
  film.pictures ??= Array.from({ length: count }, (_, f) => frameOf(film.parts.frames, f, shape));
  return film.pictures;
}

/**
 * As large as it is shown: done once, not at every move of the pointer.
 * @param {OffscreenCanvas} picture
 * @param {import("../types.js").Pair} size
 * @param {OffscreenCanvas | null} [used] as of `offscreen`
 */
export function enlarged(picture, size, used) {
  const { canvas, pen } = offscreen(size, used);
  const dots = devicePixelRatio || 1;
  const to = [canvas.width / dots, canvas.height / dots];
  copy(pen, picture, [0, 0, picture.width, picture.height], [0, 0, to[0], to[1]]);
  return canvas;
}
