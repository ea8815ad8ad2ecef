// What the components of one page have in common. Each is a module of its own, so it hangs on the
// window: things that one offers and others use (frames, weights), and the selection all show.
const room = (globalThis.phenakiViz ??= {
  things: new Map(),
  panels: new Set(),
  pick: null, // { link, query, key, place, also }
  last: 0, // number of the last pick made here
  playing: null, // the panel that walks a query, which Python hears of at its end
});

const WEIGHTS = "weights"; // the map that is here whole, every weight for itself

// Under one name there is one thing, the newest.
function offer(name, thing) {
  room.things.set(name, thing);
  for (const panel of room.panels) panel.offered?.(name);
}

function withdraw(name, of) {
  if (room.things.get(name)?.of === of) room.things.delete(name);
}

// A panel that shows the page's one selection. `head.link` names the map whose rows and columns the
// numbers of a pick are; panels of another map, or of none, go their own way.
class LinkedPanel extends Panel {
  constructor(root) {
    super(root);
    room.panels.add(this);
  }

  close() {
    super.close();
    room.panels.delete(this);
  }

  heed(push) {
    if (push) super.heed(push);
    if (this.head.link && room.pick) this.adopt(room.pick);
  }

  // A pick made here: the others show it at once, Python is told.
  pickTogether(pick, told) {
    this.showTogether(pick);
    this.tell("pick", told);
    room.last = Math.max(room.last, this.memory.sent.pick);
  }

  showTogether(pick) {
    if (!this.head.link) return;
    room.pick = { key: room.pick?.key ?? null, also: [], ...pick, link: this.head.link };
    for (const panel of room.panels) if (panel !== this) panel.hear(room.pick);
  }

  // A patch was picked that these maps do not hold: what they show is not of it.
  misses({ link, query }) {
    this.late = link === this.head.link && query === null;
    this.age();
  }

  // What is pointed at here, for the others to show; null when it is let go.
  pointTogether(point) {
    if (!this.head.link) return;
    const named = point && { ...point, link: this.head.link };
    for (const panel of room.panels) if (panel !== this) panel.pointed?.(named);
  }

  hear(pick) {
    if (this.head?.link && this.adopt(pick)) this.soon("draw");
  }
}

// The cell of an axis where a patch lies; null when it is not in this map.
function indexOf(axis, place) {
  const { grid, origin, nulls } = axis;
  if (!grid || axis.words) return null;
  const at = place.map((value, along) => value - origin[along]);
  if (at.some((value, along) => value < 0 || value >= grid[along])) return null;
  return nulls + (at[0] * grid[1] + at[1]) * grid[2] + at[2];
}
