// All panels, for a page that takes them as one file: see `bundle/`.
export { isOvertaken } from "../page/order.js";
export { default as attention_map } from "./attention_map.js";
export { default as figure } from "./figure.js";
export { default as film_strip } from "./film_strip.js";
export { default as guide } from "./guide.js";
export { default as head_grid } from "./head_grid.js";
export { default as page } from "./page.js";
export { default as pinned_maps } from "./pinned_maps.js";
export { default as said } from "./said.js";
export { default as sampling_player } from "./sampling_player.js";
export { default as shared } from "./shared.js";
export { default as word_table } from "./word_table.js";
