// A query that walks by itself, and the row of controls for it.
const WALKS = {
  frames: "through the frames",
  row: "along the row",
  column: "down the column",
  all: "over all patches",
};

// The next patch on the way, the first one again after the last.
function onward([t, h, w], along, [steps, rows, columns]) {
  if (along === "frames") return [(t + 1) % steps, h, w];
  if (along === "row") return [t, h, (w + 1) % columns];
  if (along === "column") return [t, (h + 1) % rows, w];
  const at = ((t * rows + h) * columns + w + 1) % (steps * rows * columns);
  return [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
}

// `panel` has walkTo(place), which says whether the place is shown already or Python is asked, and
// walked(), called at the end.
class Walk {
  constructor(panel, box) {
    this.panel = panel;
    this.playing = false;
    this.button = make("button", { type: "button", onclick: () => this.toggle() });
    const options = Object.entries(WALKS).map(([value, textContent]) =>
      make("option", { value, textContent }),
    );
    this.along = make("select", { ariaLabel: "Way of the walk" }, ...options);
    this.pace = make("input", { type: "range", min: 1, max: 12, step: 1, ariaLabel: "Pace" });
    this.said = make("span", { className: "pace" });
    this.along.onchange = () => this.changed();
    this.pace.oninput = () => this.sayPace();
    this.pace.onchange = () => this.changed();
    box.append(this.button, this.along, make("label", {}, make("span", { className: "word", textContent: "pace" }), this.pace, this.said));
    this.sayPlaying();
  }

  set({ along, pace }) {
    this.along.value = along;
    this.pace.value = pace;
    this.sayPace();
  }

  sayPace() {
    this.said.textContent = `${this.pace.value} a second`;
  }

  sayPlaying() {
    this.button.textContent = this.playing ? "❚❚ Pause" : "▶ Walk";
    this.button.title = "Walk the patch by itself (space)";
    this.button.ariaPressed = this.playing;
    this.panel.panel.dataset.playing = this.playing;
  }

  changed() {
    this.sayPace();
    this.panel.tellWalk({ along: this.along.value, pace: this.pace.valueAsNumber });
  }

  toggle() {
    if (this.playing) this.stop();
    else this.start();
  }

  start() {
    room.playing?.walk.stop();
    room.playing = this.panel;
    this.playing = true;
    this.sayPlaying();
    this.step();
  }

  stop() {
    if (!this.playing) return;
    this.halt();
    this.panel.walked();
  }

  // Without a word to Python: the panel goes, or the user has picked something.
  halt() {
    clearTimeout(this.timer);
    if (room.playing === this.panel) room.playing = null;
    this.playing = this.waiting = false;
    this.sayPlaying();
  }

  step() {
    this.stepped = performance.now();
    const { panel } = this;
    const shown = panel.walkTo(onward(panel.picked, this.along.value, panel.head.grid));
    this.waiting = !shown;
    if (shown) this.later();
  }

  later() {
    clearTimeout(this.timer);
    const wait = 1000 / this.pace.valueAsNumber - (performance.now() - this.stepped);
    this.timer = setTimeout(() => this.step(), Math.max(0, wait));
  }

  // What Python was asked for is here.
  arrived() {
    if (this.playing && this.waiting) this.later();
  }
}
