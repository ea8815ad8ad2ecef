// Where the tiles of the grid stand: by layer and head with the means apart, in an order of their
// own, or one head alone.

const LARGEST_TILE = 96;
const LARGEST_ALONE = 420;
const TALLEST_GRID = 640;
const MEANS_APART = 8;
const BAR = 3; // pixels: the number of a head, as a bar under its tile
const GRID_FONT = 11;
const NAME = GRID_FONT + 4; // pixels over a tile that carries its own label

// { slots: [{ tile: [layer, head], row, column, box }], size, tile, bar, left, top, gap, named }
function layTiles(head, { width, tall, names, barred, alone, picked }) {
  const { layers, heads, order, means } = head;
  const bar = barred ? BAR + 3 : 0;
  const gap = width < 480 ? 2 : 4;
  const named = Boolean(order || alone);
  const left = named ? 2 : Math.ceil(Math.max(...names)) + 8;
  const top = named ? 2 : GRID_FONT + 9;
  const over = named ? NAME : 0;
  const slots = alone
    ? [{ tile: picked, row: 0, column: 0 }]
    : order
      ? order.map((tile, at) => ({
          tile,
          row: Math.floor(at / heads.length),
          column: at % heads.length,
        }))
      : allTiles(layers.length + (means ? 1 : 0), heads.length + (means ? 1 : 0));
  const apart = means && !named ? MEANS_APART : 0;
  const columns = alone ? 1 : heads.length + (apart ? 1 : 0);
  const rows = Math.max(1, ...slots.map(({ row }) => row + 1));
  const across = Math.floor((width - left - 3 - apart) / columns) - gap;
  const most = tall > 0 ? tall - top - 3 : TALLEST_GRID;
  const down = Math.floor((most - apart) / rows) - gap - bar - over;
  const largest = alone ? LARGEST_ALONE : LARGEST_TILE;
  const tile = Math.max(6, Math.min(across, Math.max(down, tall > 0 ? 12 : 24), largest));
  for (const slot of slots) {
    const [layer, at] = slot.tile;
    const x = left + slot.column * (tile + gap) + (at === heads.length ? apart : 0);
    const y = top + slot.row * (tile + bar + gap + over) + (layer === layers.length ? apart : 0);
    slot.box = [x, y + over, tile, tile];
  }
  const high = top + rows * (tile + bar + gap + over) + apart + 3;
  const size = [left + columns * (tile + gap) + apart + 3, high];
  return { slots, size, tile, bar, left, top, gap, named };
}

function allTiles(layers, heads) {
  return Array.from({ length: layers * heads }, (_, at) => {
    const [row, column] = [Math.floor(at / heads), at % heads];
    return { tile: [row, column], row, column };
  });
}

const sameTile = (one, other) => String(one) === String(other);

// The neighbour of a tile on the grid; the tile itself at the edge.
function neighbour(slots, tile, [down, right]) {
  const here = slots.find((slot) => sameTile(slot.tile, tile)) ?? slots[0];
  if (!here) return tile;
  const there = ({ row, column }) => row === here.row + down && column === here.column + right;
  return (slots.find(there) ?? here).tile;
}

// Column labels in the room there is: whole, then their digits, then only every second, third, …
function fitting(pen, names, room, theme) {
  pen.font = `700 ${GRID_FONT}px ${theme.font}`;
  const widest = (texts) => Math.max(...texts.map((text) => pen.measureText(text).width));
  const digits = names.map((name) => name.replace(/^\D+(?=\d)/, ""));
  const shown = widest(names) <= room ? names : digits;
  const every = Math.ceil(widest(shown) / room);
  return (index, strong) => (index % every === 0 || strong ? shown[index] : "");
}

function outline(pen, [x, y, width, height], below, colour, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x - line / 2, y - line / 2, width + line, height + below + line);
  pen.lineWidth = 1;
}
