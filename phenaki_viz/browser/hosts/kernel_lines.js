// Lines of large maps in a notebook: asked of the widget's Python by messages beside its state.
/** @import { Wire } from "../strip/asking.js" */
/** @import { Model } from "./widget.js" */
import { wires } from "../strip/asking.js";
import { bytesOf } from "./bytes.js";

const PATIENCE = 20_000; // milliseconds: a kernel may be busy with a cell, or gone

export class KernelLines {
  /** What is asked, by its number. @type {Map<string, (answer: ArrayBuffer | null) => void>} */
  waiting = new Map();
  asked = 0;

  /**
   * @param {Model} model
   * @param {string} name what its addresses begin with
   */
  constructor(model, name) {
    this.model = model;
    this.name = name;
    this.own = crypto.getRandomValues(new Uint32Array(2)).join("."); // one model has several views
    /** @type {Wire} */
    this.wire = (address, asked) => this.ask(address, asked);
    this.heard = (message, buffers) => this.hear(message, buffers);
    model.on("msg:custom", this.heard);
    wires.set(name, this.wire);
  }

  /**
   * @param {string} address
   * @param {object} asked
   * @returns {Promise<ArrayBuffer | null>}
   */
  ask(address, asked) {
    const number = `${this.own}.${this.asked++}`;
    return new Promise((done) => {
      const timer = setTimeout(() => this.answer(number, null), PATIENCE);
      this.waiting.set(number, (answer) => {
        clearTimeout(timer);
        done(answer);
      });
      this.model.send({ kind: "lines", number, address, asked });
    });
  }

  /**
   * @param {{ kind?: string, number?: string }} message
   * @param {(DataView | Uint8Array | ArrayBuffer)[]} [buffers] none: there are no such lines
   */
  hear({ kind, number }, buffers = []) {
    if (kind !== "lines" || !number) return;
    // Of its own: a message's bytes begin anywhere in what came with it.
    this.answer(number, buffers.length ? bytesOf(buffers[0]).slice().buffer : null);
  }

  /** @param {string} number @param {ArrayBuffer | null} answer */
  answer(number, answer) {
    this.waiting.get(number)?.(answer);
    this.waiting.delete(number);
  }

  close() {
    this.model.off("msg:custom", this.heard);
    for (const number of [...this.waiting.keys()]) this.answer(number, null);
    if (wires.get(this.name) === this.wire) wires.delete(this.name);
  }
}
