// A row a word, a column a layer: the head that reads the word best there, as a button.
import { clamp } from "../numbers/arithmetic.js";
import { element } from "../page/elements.js";
import { Panel, show } from "../page/panel.js";

export class WordTable extends Panel {
  draw() {
    const { layers, rows, caption } = this.head;
    const head = element(
      "tr",
      {},
      this.title("word", "col"),
      ...layers.map((one) => this.title(one, "col")),
    );
    const body = rows.map((row, key) => this.row(row, key));
    this.find("table").replaceChildren(
      element("caption", { textContent: caption }),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    );
  }

  title(textContent, scope) {
    return element("th", { textContent, scope });
  }

  row({ word, cells }, key) {
    const best = Math.max(...cells.map((cell) => cell?.auc ?? 0));
    const made = element(
      "tr",
      {},
      this.title(word, "row"),
      ...cells.map((cell, layer) =>
        element("td", {}, this.cell(cell, [key, layer], cell?.auc === best)),
      ),
    );
    made.classList.toggle("asked", key === this.memory.picked?.[0]);
    return made;
  }

  cell(cell, [key, layer], best) {
    const name = `${this.head.rows[key].word}, ${this.head.layers[layer]}`;
    if (!cell)
      return element("span", { className: "none", textContent: "–", title: `${name}: no area` });
    const low = cell.auc < this.head.least;
    const said = `H${cell.named}`;
    const title = low
      ? `${name}: no head reads it more there (${said}, AUC ${cell.auc.toFixed(2)})`
      : `${name}: ${said} reads it more where there is something (AUC ${cell.auc.toFixed(2)})`;
    const button = element(
      "button",
      { type: "button", title, ariaLabel: title },
      element("b", { textContent: low ? "–" : said }),
      element("span", { textContent: low ? "" : cell.auc.toFixed(2) }),
      element("i", { ariaHidden: "true" }),
    );
    button.classList.toggle("low", low);
    button.classList.toggle("best", best && !low);
    button.style.setProperty("--share", `${100 * clamp(2 * (cell.auc - 0.5), 0, 1)}%`);
    const pick = [key, layer, cell.head];
    button.ariaPressed = String(String(pick) === String(this.memory.picked));
    button.onclick = () => this.pick(pick);
    return button;
  }

  /** @returns {HTMLButtonElement} */
  buttonAt(key, layer) {
    return this.find("tbody").rows[key].cells[layer + 1].firstChild;
  }

  /** @param {number[]} pick key, layer and head */
  pick([key, layer, head]) {
    this.memory.picked = [key, layer, head];
    for (const button of this.panel.querySelectorAll("button")) button.ariaPressed = "false";
    this.buttonAt(key, layer).ariaPressed = "true";
    this.tell("pick", { key, layer, head });
  }
}

export default (call) => show(WordTable, call);
