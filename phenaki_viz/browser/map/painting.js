// A map on its two canvases: the base, painted when data or view change, and over it the top, when
// the pointer moves.
import { fit } from "../page/canvas.js";
import { clipped, drawBreaks, drawNumbers, drawTile } from "./cells.js";
import { covers } from "./geometry.js";
import { drawMargins } from "./margins.js";
import { drawMarks } from "./marks.js";

/** @typedef {import("../panels/attention_map.js").AttentionMap} AttentionMap */

/** @param {AttentionMap} map */
export function paintBase(map) {
  const { head, scale, theme, layout, tile, coarse } = map;
  const { left, top, width, height } = layout.plot;
  const on = map.geometry;
  const pen = fit(map.base, layout.size);
  const by = { scale, theme, table: map.parts.table, colours: head.colours };
  clipped(pen, [left, top, width, height], () => {
    if (coarse && !covers(tile.window, map.view)) drawTile(pen, on, coarse);
    drawTile(pen, on, tile);
    drawBreaks(pen, on, head);
    drawNumbers(pen, on, map.tiles, by);
  });
  drawMargins(pen, on, { head, theme, turned: layout.turned });
}

/** @param {AttentionMap} map */
export function paintTop(map) {
  const { head, guide, memory, picked, hovered } = map;
  const { plot, size } = map.layout;
  const pen = fit(map.top, size);
  const marks = { picked, also: memory.also ?? [], guide, colours: head.colours };
  const pointed = hovered && map.reading(...hovered);
  clipped(pen, [plot.left - 8, plot.top - 8, plot.width + 12, plot.height + 12], () => {
    drawMarks(pen, map.geometry, { ...marks, hovered: pointed });
  });
}

/** For tests and other tools. @param {AttentionMap} map */
export function noteView({ top: canvas, scale, head, view, geometry }) {
  const { gap, plot } = geometry;
  Object.assign(canvas.dataset, {
    ends: [scale.low, scale.high],
    painted: Number(canvas.dataset.painted ?? 0) + 1,
    plot: [plot.left, plot.top, plot.width, plot.height],
    source: head.source,
    gap,
    view: view.map((at) => Math.round(1000 * at) / 1000),
  });
}
