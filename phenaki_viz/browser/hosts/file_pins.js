// Pinned heads in a file: their maps lie in it, and are put together here.
/** @import { Arranged } from "./linked.js" */
/** @import { Pinned } from "../pinned/together.js" */
import { labelOf } from "../grid/said.js";
import { pack, unpack } from "../numbers/message.js";
import { valuesOf } from "../numbers/weight_codes.js";
import { together } from "../pinned/together.js";

export class FilePins {
  /** @type {Arranged} */
  arranged = { alone: false, pins: [] };
  /** The maps that are shown, by name. @type {Map<string, Pinned>} */
  maps = new Map();
  turn = 0;

  /** @param {import("./file_linked.js").LinkedFile} file */
  constructor(file) {
    this.file = file;
  }

  // The newest wins, as of the head.
  async draw(arranged = this.arranged) {
    this.arranged = arranged;
    const turn = ++this.turn;
    const { linked, item } = this.file;
    const pins = arranged.pins.filter((pin) => this.file.has(`map ${pin.join(" ")} ${item}`));
    if (!pins.length) {
      linked.draw("pinned", new Uint8Array());
      return;
    }
    const maps = new Map();
    for (const pin of pins) maps.set(...(await this.read(pin, item)));
    const strip = unpack(await this.file.message(`strip ${pins[0].join(" ")} ${item}`));
    if (turn !== this.turn) return;
    this.maps = maps; // others are forgotten
    const about = { id: `${linked.grid.id} pinned`, whole: this.file.told.whole };
    linked.draw("pinned", pack(together([...maps.values()], strip, about)));
  }

  /**
   * @param {[row: number, head: number]} pin
   * @param {number} item
   * @returns {Promise<[string, Pinned]>}
   */
  async read(pin, item) {
    const name = `map ${pin.join(" ")} ${item}`;
    const known = this.maps.get(name);
    if (known) return [name, known];
    const message = unpack(await this.file.message(name));
    const values = valuesOf(message.parts, /** @type {any} */ (message.head));
    const label = labelOf(/** @type {any} */ (this.file.linked.grid), pin);
    return [name, { label, message, values }];
  }
}
