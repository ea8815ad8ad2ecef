// The dialog behind `?`, the offer of a tour, and the card of the stop that it is at.
import { consume, element, isTyping, withoutModifiers } from "../page/elements.js";
import { Panel, show } from "../page/panel.js";

const TOUR = "phenaki_viz.tour"; // a number: the stop; "done": it was taken or turned down
/** The guide of the page, which the key is for. @type {{ heard: boolean, panel: Guide | null }} */
const open = { heard: false, panel: null };

// Storage may be forbidden; then the tour is offered at every visit.
function remembered() {
  try {
    return localStorage.getItem(TOUR);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(TOUR, value);
  } catch {
    // offered again next time
  }
}

export class Guide extends Panel {
  constructor(root) {
    super(root);
    this.dialog = this.find("dialog");
    this.dialog.onclick = (event) => event.target === this.dialog && this.dialog.close();
    open.panel = this;
    if (!open.heard) document.addEventListener("keydown", (event) => open.panel?.pressed(event));
    open.heard = true;
  }

  heed() {} // nothing is selected here

  draw() {
    this.drawCorner();
    const at = Number.parseInt(remembered() ?? "", 10);
    if (at >= 0 && at < this.head.stops) this.drawStop(at);
    else this.find(".stop").hidden = true;
  }

  // What `?` shows is fetched when it is first asked for.
  async told() {
    if (this.from !== this.head.address) {
      this.from = this.head.address;
      this.content = fetch(new URL(this.from, document.baseURI)).then((answer) => answer.json());
    }
    return this.content;
  }

  drawCorner() {
    const ask = element("button", {
      type: "button",
      className: "ask",
      textContent: "?",
      ariaLabel: "Keys, words and a tour",
      title: "Keys, words and a tour ( ? )",
      onclick: () => this.show(),
    });
    this.find(".corner").replaceChildren(...(remembered() === null ? this.offer() : []), ask);
  }

  offer() {
    const stops = element("span", {
      className: "stops",
      textContent: ` A tour in ${this.head.stops} stops`,
    });
    const take = element(
      "button",
      { type: "button", className: "take", onclick: () => this.go(0) },
      "New here?",
      stops,
    );
    const decline = element("button", {
      type: "button",
      className: "decline",
      textContent: "×",
      ariaLabel: "No tour",
      onclick: () => this.end(),
    });
    return [element("span", { className: "offer" }, take, decline)];
  }

  async show() {
    if (this.dialog.open) return;
    const { keys, terms, stops } = await this.told();
    const close = element("button", {
      type: "button",
      className: "close",
      textContent: "×",
      ariaLabel: "Close",
      onclick: () => this.dialog.close(),
    });
    this.dialog.replaceChildren(
      element("header", {}, element("h2", { textContent: "Keys, words and a tour" }), close),
      element(
        "div",
        { className: "parts" },
        element(
          "div",
          {},
          tourOf(stops, (at) => this.go(at)),
          ...Object.entries(keys).map(keysOf),
        ),
        wordsOf(terms),
      ),
    );
    this.dialog.showModal();
  }

  async drawStop(at) {
    const { stops } = await this.told();
    const { title, says } = stops[at];
    const step = (to, textContent) =>
      element("button", {
        type: "button",
        textContent,
        onclick: () => this.go(to),
      });
    const last = at === stops.length - 1;
    const end = element("button", {
      type: "button",
      textContent: last ? "Done" : "End",
      onclick: () => this.end(),
    });
    const card = this.find(".stop");
    card.replaceChildren(
      element("p", { className: "count", textContent: `Tour · ${at + 1} of ${stops.length}` }),
      element("p", { className: "title", textContent: title }),
      element("p", { textContent: says }),
      element(
        "div",
        { className: "steps" },
        ...(at > 0 ? [step(at - 1, "Back")] : []),
        ...(last ? [] : [step(at + 1, "Next")]),
        end,
      ),
    );
    card.hidden = false;
  }

  // A stop is one of the app's own links.
  async go(at) {
    const { stops } = await this.told();
    remember(String(at));
    location.assign(new URL(stops[at].link, document.baseURI));
  }

  end() {
    remember("done");
    this.drawCorner();
    this.find(".stop").hidden = true;
  }

  pressed(event) {
    if (event.key !== "?" || !withoutModifiers(event) || isTyping(event)) return;
    consume(event);
    this.show();
  }

  close() {
    super.close();
    if (open.panel === this) open.panel = null;
  }
}

function tourOf(stops, go) {
  const items = stops.map(({ title, link }, at) => {
    const onclick = (event) => {
      event.preventDefault();
      go(at);
    };
    const way = element("a", {
      href: new URL(link, document.baseURI).href,
      textContent: title,
      onclick,
    });
    return element("li", {}, way);
  });
  return element(
    "section",
    {},
    element("h3", { textContent: "A tour" }),
    element("ol", {}, ...items),
  );
}

function keysOf([where, keys]) {
  const rows = keys.map(([press, does]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("kbd", { textContent: press })),
      element("td", { textContent: does }),
    ),
  );
  const table = element("table", {}, element("tbody", {}, ...rows));
  return element("section", {}, element("h3", { textContent: where }), table);
}

function wordsOf(terms) {
  const items = terms.flatMap(({ name, means, source }) => [
    element("dt", { textContent: name }),
    element("dd", {}, means, ...(source ? [element("cite", { textContent: ` ${source}` })] : [])),
  ]);
  return element(
    "section",
    {},
    element("h3", { textContent: "Words" }),
    element("dl", {}, ...items),
  );
}

export default (call) => show(Guide, call);
