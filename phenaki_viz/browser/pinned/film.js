// Under each pinned map: its row of the query (or the column of the word) over one frame a step.
/** @import { Box, Pair } from "../types.js" */
import { clamp } from "../numbers/arithmetic.js";
import { indexOf } from "../numbers/axis.js";
import { pixels } from "../numbers/colour.js";
import { placeAt, sizeOf } from "../numbers/places.js";
import { placer } from "../numbers/scale.js";
import { copy, fit, imageOf } from "../page/canvas.js";
import { page } from "../page/page.js";
import { COVER, lit, OPACITY } from "../strip/colours.js";
import { picturesOf } from "../strip/film.js";
import { lineAt } from "../strip/nearby_weights.js";

const LEAST_TILE = 56;
const TILE_GAP = 3;

export class PinnedFilm {
  /** @param {import("../panels/pinned_maps.js").PinnedMaps} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {any} */
    this.counted = null;
    /** Corners of the frames of a map. @type {Pair[]} */
    this.tiles = [];
    /** The size of one frame, and of all. @type {Pair} */
    this.tile = [0, 0];
    /** @type {Pair} */
    this.size = [0, 0];
  }

  get pictures() {
    return picturesOf(this.panel.head.film);
  }

  // Which line of the maps is laid over the frames: the one that is pointed at, else the chosen.
  get place() {
    const { head, guide, hovered, picked } = this.panel;
    if (head.side === "column") return [null, guide?.key ?? hovered?.[1] ?? picked[1]];
    return [guide?.query ?? hovered?.[0] ?? picked[0], null];
  }

  // One line a map, 't h w' flat: read here where every weight is, else what Python sent.
  lines() {
    const { head, values } = this.panel;
    const [query, key] = this.place;
    const own = head.side === "column" ? key : query;
    if (own === null || own === undefined) return null;
    const [rows, keys] = head.total;
    if (Math.max(...head.cell) === 1) {
      return head.labels.map((_, map) => {
        const part = values.subarray(map * rows * keys, (map + 1) * rows * keys);
        return lineAt({ values: part, ...this.axes }, head.grid, head.side, own);
      });
    }
    const sent = page.shared.get(head.lines);
    if (sent?.of !== head.link || sent.own !== own || sent.count !== head.labels.length)
      return null;
    const each = sizeOf(head.grid);
    return head.labels.map((_, map) => sent.parts.lines.subarray(map * each, (map + 1) * each));
  }

  // The tokens of an axis lie in the same places for all maps: counted once for new data.
  get axes() {
    const { query, key, total } = this.panel.head;
    if (this.counted?.key !== key) this.counted = { query, key, total };
    return this.counted;
  }

  lay(wide) {
    const {
      grid: [steps],
      size: [height, width],
    } = this.panel.head;
    const across = clamp(Math.floor((wide + TILE_GAP) / (LEAST_TILE + TILE_GAP)), 1, steps);
    const tile = Math.floor((wide - TILE_GAP * (across - 1)) / across);
    const tall = Math.round((tile * height) / width);
    const down = Math.ceil(steps / across);
    this.tiles = Array.from({ length: steps }, (_, t) => [
      (t % across) * (tile + TILE_GAP),
      Math.floor(t / across) * (tall + TILE_GAP),
    ]);
    this.tile = [tile, tall];
    this.size = [wide, down * (tall + TILE_GAP) - TILE_GAP];
  }

  paint() {
    const { films } = this.panel;
    const lines = this.lines();
    const ramp = pixels(lit(this.panel.parts.table), COVER.rising);
    const place = placer(this.panel.scale);
    films.forEach((canvas, map) => {
      const pen = fit(canvas, this.size);
      this.tiles.forEach((corner, t) => {
        this.paintStep(pen, corner, t, lines?.[map], ramp, place);
      });
      canvas.dataset.line = lines ? String(lines[map].reduce((a, b) => a + (b || 0), 0)) : "";
      canvas.dataset.of = String(this.place.map((at) => at ?? ""));
    });
  }

  // What a weight of the line is measured by: see `measurer`.
  uniformOf(at) {
    const {
      scale,
      head: { side, query, grid },
      parts: { uniform },
    } = this.panel;
    if (scale.law !== "uniform") return 1;
    if (side === "row") return uniform[this.place[0]] || 1;
    return uniform[indexOf(query, placeAt(at, grid)) ?? -1] || 1;
  }

  paintStep(pen, corner, t, line, ramp, place) {
    const {
      grid: [, rows, columns],
      steps,
    } = this.panel.head;
    /** @type {Box} */
    const to = [corner[0], corner[1], ...this.tile];
    const frame = this.pictures?.[steps[t][0]];
    if (frame) copy(pen, frame, [0, 0, frame.width, frame.height], to);
    if (!line) return;
    const heat = imageOf(columns, rows, (dots) => {
      for (let i = 0; i < dots.length; i++) {
        const weight = line[t * rows * columns + i];
        const measured = weight / this.uniformOf(t * rows * columns + i);
        dots[i] = Number.isFinite(weight) ? ramp[Math.round(255 * place(measured))] : 0;
      }
    });
    pen.globalAlpha = OPACITY;
    copy(pen, heat, [0, 0, columns, rows], to);
    pen.globalAlpha = 1;
  }
}
