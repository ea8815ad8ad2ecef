// A query that walks by itself, and the row of controls for it.
import { onward } from "../numbers/places.js";
import { element } from "../page/elements.js";
import { page } from "../page/page.js";

const WALKS = {
  frames: "through the frames",
  row: "along the row",
  column: "down the column",
  all: "over all patches",
};

/**
 * `strip` has walkTo(place), which says whether the place is shown already or Python is asked, and
 * walked(), called at the end.
 */
export class Walk {
  playing = false;
  waiting = false;
  stepped = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * @param {import("../panels/film_strip.js").FilmStrip} strip
   * @param {HTMLElement} box
   */
  constructor(strip, box) {
    this.strip = strip;
    this.button = element("button", { type: "button", onclick: () => this.toggle() });
    const options = Object.entries(WALKS).map(([value, textContent]) =>
      element("option", { value, textContent }),
    );
    this.along = element("select", { ariaLabel: "Way of the walk" }, ...options);
    this.pace = element("input", { type: "range", min: 1, max: 12, step: 1, ariaLabel: "Pace" });
    this.said = element("span", { className: "pace" });
    this.along.onchange = () => this.changed();
    this.pace.oninput = () => this.sayPace();
    this.pace.onchange = () => this.changed();
    const word = element("span", { className: "word", textContent: "pace" });
    box.append(this.button, this.along, element("label", {}, word, this.pace, this.said));
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
    this.button.ariaPressed = String(this.playing);
    this.strip.panel.dataset.playing = String(this.playing);
  }

  changed() {
    this.sayPace();
    this.strip.tellWalk({ along: this.along.value, pace: this.pace.valueAsNumber });
  }

  toggle() {
    if (this.playing) this.stop();
    else this.start();
  }

  start() {
    page.playing?.walk.stop();
    page.playing = this.strip;
    this.playing = true;
    this.sayPlaying();
    this.step();
  }

  stop() {
    if (!this.playing) return;
    this.halt();
    this.strip.walked();
  }

  // Without a word to Python: the panel goes, or the user has picked something.
  halt() {
    if (!this.playing) return;
    clearTimeout(this.timer);
    if (page.playing === this.strip) page.playing = null;
    this.playing = this.waiting = false;
    this.sayPlaying();
  }

  step() {
    this.stepped = performance.now();
    const { strip } = this;
    const shown = strip.walkTo(onward(strip.picked, this.along.value, strip.head.grid));
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
