// Any plotly figure: clicks come back, zoom and camera stay.
import { gone, painted } from "../page/agreement.js";
import { element } from "../page/elements.js";
import { show } from "../page/panel.js";
import { change } from "../page/renewing.js";

const DIMMED = "0.42"; // as `.panel.old`

const SETTINGS = {
  displaylogo: false,
  showSendToCloud: false,
  responsive: true,
  displayModeBar: "hover",
  modeBarButtonsToRemove: [
    "toImage", // our exports hold what made the picture; this one would not
    "select2d",
    "lasso2d",
    "autoScale2d",
    "resetCameraLastSave3d",
  ],
};

/** @type {Promise<any> | null} */
let loading = null;

/**
 * Until it is in sight, or nearly so: what nobody scrolls to does not load a large library.
 * @param {Element} box
 * @returns {Promise<void>}
 */
function inSight(box) {
  return new Promise((done) => {
    const watch = new IntersectionObserver(
      (seen) => {
        if (!seen.some((one) => one.isIntersecting)) return;
        watch.disconnect();
        done();
      },
      { rootMargin: "10%" },
    );
    watch.observe(box);
  });
}

/**
 * plotly.js once a page, however many figures there are; asked again after a failure.
 * @param {string} address
 */
function library(address) {
  if (globalThis.Plotly) return Promise.resolve(globalThis.Plotly);
  loading ??= new Promise((done, failed) => {
    const script = element("script", { src: new URL(address, document.baseURI).href });
    const fail = () => {
      script.remove();
      loading = null;
      failed(new Error(`plotly.js is not at ${script.src}`));
    };
    script.onload = () => (globalThis.Plotly ? done(globalThis.Plotly) : fail());
    script.onerror = fail;
    document.head.append(script);
  });
  return loading;
}

export class Figure {
  /** Tells the host of a state: set by `show`. @type {(name: string, value: unknown) => void} */
  send;
  /** @type {string} */
  id;
  /** @type {string | undefined} */
  shows;
  /** The number of the last event. */
  sent = 0;
  /** Which data are being drawn: newer ones overtake. */
  turn = 0;
  /** Once its place was in sight. @type {Promise<void> | undefined} */
  seen;

  /** @param {ParentNode} root */
  constructor(root) {
    /** @type {HTMLElement} */
    this.card = root.querySelector(".pv-card");
    /** @type {HTMLElement} */
    this.box = root.querySelector(".pv-figure");
    /** @type {any} what plotly.js makes of it */
    this.plot = root.querySelector(".pv-plot");
    // plotly itself hears of the window's size alone: columns beside it may come later.
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.box);
  }

  resized() {
    const { clientWidth } = this.plot;
    const drawn = this.plot.isConnected && this.plot._fullLayout?.width;
    if (drawn && clientWidth && Math.abs(drawn - clientWidth) > 1)
      globalThis.Plotly.Plots.resize(this.plot);
  }

  async accept({ head, parts }) {
    const turn = ++this.turn;
    this.box.style.height = `${head.height}px`;
    this.box.classList.toggle("pv-waiting", !this.plot.data);
    this.describe(head.alt);
    try {
      this.seen ??= inSight(this.box);
      await this.seen;
      const Plotly = await library(head.library);
      if (turn === this.turn && this.plot.isConnected) await this.draw(Plotly, head, parts.figure);
    } catch (error) {
      this.fail(error);
    }
  }

  async draw(Plotly, head, text) {
    const { data, layout, frames } = JSON.parse(new TextDecoder().decode(text));
    const first = !this.plot.data;
    const kept = {
      uirevision: "kept",
      modebar: { bgcolor: "rgba(0,0,0,0)", orientation: "h" },
      ...layout,
      height: head.height,
      autosize: true,
    };
    delete kept.width;
    await Plotly.react(this.plot, { data, layout: kept, config: SETTINGS, frames });
    if (first) this.plot.on("plotly_click", ({ points }) => this.clicked(points[0]));
    this.box.classList.remove("pv-waiting", "pv-broken");
    this.plot.dataset.painted = Number(this.plot.dataset.painted ?? 0) + 1;
    this.declare(head);
    this.resized();
  }

  // Words of the figure change with it.
  declare({ id, title, notes, shows }) {
    const lines = (texts) => texts.map((textContent) => element("p", { textContent }));
    this.card.querySelector(".pv-title").replaceChildren(...lines(title ? [title] : []));
    this.card.querySelector(".pv-notes").replaceChildren(...lines(notes));
    this.shows = this.card.dataset.shows = shows;
    this.id = id;
    if (shows) painted(id, this);
  }

  // By its style: the page's own rules look for classes, over all that the card stands in.
  /** @param {boolean} old */
  age(old) {
    change(this.card.style, { opacity: old ? DIMMED : "" });
    change(this.card, { ariaBusy: String(old) });
  }

  describe(alt) {
    this.box.role = "figure"; // not "img": its tools can be reached by Tab
    this.box.ariaLabel = alt;
  }

  // A heatmap or surface has its cell, a curve the index of its point.
  clicked({ pointNumber, pointNumbers, curveNumber }) {
    const at = pointNumber ?? pointNumbers?.[0] ?? 0;
    const [row, col] = Array.isArray(at) ? at : [0, at];
    this.tell({ row, col, curve: curveNumber });
  }

  tell(what) {
    this.sent = Math.max(Date.now(), this.sent + 1);
    this.send("click", { ...what, seq: this.sent });
  }

  fail(error) {
    this.box.classList.remove("pv-waiting");
    this.box.classList.add("pv-broken");
    this.box.querySelector(".pv-trouble").textContent = globalThis.Plotly
      ? `This figure could not be drawn: ${error.message}`
      : "This figure could not be drawn: its library did not load. Start the app with " +
        "“streamlit run app.py” and reload the page.";
    console.warn(error);
  }

  close() {
    this.turn++;
    this.observer.disconnect();
    gone(this.id, this);
    globalThis.Plotly?.purge(this.plot);
  }
}

export default (call) => show(Figure, call);
