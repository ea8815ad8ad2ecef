// The weights of any patch, read off the map that stands on the same page instead of asking Python:
// only where that map is here whole, every weight for itself.
const nearby = (name) => {
  const map = room.things.get(WEIGHTS);
  return name && map?.of === name ? map : null;
};

// Of some patches, put together: 't h w' flat, NaN where there is no weight; null when not here.
function nearbyWeights(name, grid, { direction, combine }, places) {
  const map = nearby(name);
  const lines = map && places.map((place) => lineOf(map, grid, direction, place));
  if (!lines || lines.includes(null)) return null;
  return lines.length === 1 ? lines[0] : combinedOf(lines, combine);
}

// One patch's row, or column, at its keys' (queries') places in the video.
function lineOf(map, grid, direction, place) {
  const own = indexOf(direction === "row" ? map.query : map.key, place);
  return own === null ? null : lineAt(map, grid, direction, own);
}

// The same of a row, or column, by number.
function lineAt(map, grid, direction, own) {
  const { values, key, total: [, keys] } = map;
  const line = new Float32Array(grid.reduce((a, b) => a * b)).fill(NaN);
  const [first, step] = direction === "row" ? [own * keys + key.nulls, 1] : [own, keys];
  (direction === "row" ? flatKeys : flatQueries)(map, grid).forEach((at, token) => {
    line[at] = values[first + token * step];
  });
  return line;
}

const flatKeys = (map, grid) => (map.flatKeys ??= flatOf(map.key, grid));
const flatQueries = (map, grid) => (map.flatQueries ??= flatOf(map.query, grid));

// Where each token of an axis lies in the video, counted 't h w'.
function flatOf({ grid, origin }, [, rows, columns]) {
  const [steps, high, wide] = grid;
  return Array.from({ length: steps * high * wide }, (_, token) => {
    const t = Math.floor(token / (high * wide)) + origin[0];
    const h = (Math.floor(token / wide) % high) + origin[1];
    return (t * rows + h) * columns + (token % wide) + origin[2];
  });
}

// `combined` of analysis/overlay.py.
function combinedOf(lines, how) {
  return lines[0].map((_, at) => {
    const there = lines.map((line) => line[at]).filter((weight) => !Number.isNaN(weight));
    if (!there.length) return NaN;
    const sum = there.reduce((a, b) => a + b, 0);
    return how === "mean" ? sum / lines.length : sum;
  });
}
