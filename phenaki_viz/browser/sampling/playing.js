// The decoding steps of a video one after the other, by themselves.

const PACE = 450; // milliseconds a decoding step

export class Playing {
  /** @type {ReturnType<typeof setInterval> | null} */
  timer = null;

  /**
   * @param {import("../panels/sampling_player.js").SamplingPlayer} player
   * @param {HTMLButtonElement} button
   */
  constructor(player, button) {
    this.player = player;
    this.button = button;
    button.onclick = () => this.toggle();
    this.say();
  }

  get isAtEnd() {
    return this.player.step === this.player.head.decoding - 1;
  }

  toggle() {
    if (this.timer) this.stop(true);
    else this.start();
  }

  // The first time it is seen, from the first step on; not for who wants nothing to move.
  startOnce() {
    const { memory, step } = this.player;
    if (memory.played) return;
    memory.played = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still && this.isAtEnd && step > 0) this.start();
  }

  start() {
    if (this.isAtEnd) this.player.memory.step = 0;
    this.player.paint();
    this.timer = setInterval(() => this.next(), PACE);
    this.say();
  }

  next() {
    if (this.isAtEnd) this.stop(true);
    else this.player.go(this.player.step + 1);
  }

  /** @param {boolean} report whether Python hears of it */
  stop(report) {
    clearInterval(this.timer ?? undefined);
    this.timer = null;
    this.say();
    if (report) this.player.report();
  }

  say() {
    this.button.textContent = this.timer ? "❚❚" : "▶";
    this.button.ariaLabel = this.timer ? "Pause" : "Play the decoding steps";
  }
}
