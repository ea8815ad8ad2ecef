// Frames under attention weights: point at a patch, choose some, let the query walk.
/** @import { Pick, Place, Point } from "../types.js" */
import { inside, samePlaces } from "../numbers/places.js";
import { handed, page } from "../page/page.js";
import { show } from "../page/panel.js";
import { Choice } from "../strip/choice.js";
import { Elsewhere } from "../strip/elsewhere.js";
import { FarLines } from "../strip/far_lines.js";
import { FilmFrames } from "../strip/frames.js";
import { guidesOf, pointOf } from "../strip/guides.js";
import { pressed } from "../strip/keys.js";
import { Pointer } from "../strip/pointer.js";
import { say } from "../strip/said.js";
import { Tools } from "../strip/tools.js";
import { Walk } from "../strip/walk.js";
import { scaleTo } from "../strip/weighing.js";

export class FilmStrip extends FilmFrames {
  holds = "places";
  /** The word that another picture points at. @type {number | null} */
  pointedWord = null;
  /** Steps that are to be painted anew for the pointer. @type {Set<number>} */
  stale = new Set();

  /** @param {ParentNode} root */
  constructor(root) {
    super(root);
    this.choice = new Choice(this);
    this.far = new FarLines(this);
    this.elsewhere = new Elsewhere(this);
    this.strip.onkeydown = (event) => pressed(this, event);
    this.tools = new Tools(this, this.find(".own"));
    this.walk = new Walk(this, this.find(".walk"));
    this.pointer = new Pointer(this, this.strip);
  }

  close() {
    this.walk.halt();
    this.far.close();
    super.close();
  }

  take() {
    const { head, memory } = this;
    this.panel.classList.toggle("bare", Boolean(head.bare));
    this.panel.classList.toggle("still", Boolean(head.still));
    this.tools.take();
    memory.locked ??= head.locked;
    if (!memory.places?.length) memory.places = head.places;
    if (!this.walk.playing) this.walk.set(head.walk);
    if (!page.playing) this.tools.combine.value = head.combine;
    this.build();
    this.far.take();
    this.weights = null;
    this.look();
    this.walk.arrived();
  }

  // ---- what is laid over the frames

  /** Outlined on a still strip too, where something is. @returns {Place | null} */
  get picked() {
    const [picked] = this.memory.places;
    const { still, places, grid } = this.head;
    return (!still || places.length) && picked ? inside(picked, grid) : null;
  }

  get chosen() {
    return this.picked ? [this.picked, ...this.memory.places.slice(1)] : null;
  }

  // What the colours belong to: the patch under the pointer while it is followed.
  get looked() {
    return this.follows && this.hovered ? [this.hovered] : this.chosen;
  }

  get near() {
    return this.head?.word === null && this.elsewhere.able;
  }

  get follows() {
    return !this.memory.locked && this.near;
  }

  /** The word whose readers are shown: the one that is pointed at on the map, else the chosen one.
   * @returns {number | null} */
  get word() {
    const { word, axes } = this.head;
    if (word === null || !axes) return null;
    return this.pointedWord ?? this.memory.word ?? word;
  }

  get isSummed() {
    return this.tools.combine.value === "sum";
  }

  // Whether weights are rows of the map, of the patches looked at.
  get byRow() {
    return this.head.side === "row" && this.word === null;
  }

  /** @returns {boolean} whether the weights of what is looked at are here */
  look() {
    const { head, looked } = this;
    if (this.word !== null) return this.lookAtWord();
    const together = looked?.length > 1 && this.tools.combine.value !== head.combine;
    const sent = !head.places.length || (samePlaces(looked, head.places) && !together);
    const found = sent ? this.parts.weights : this.elsewhere.weightsOf(looked);
    if (sent) this.far.want([]);
    if (found || !this.weights) this.lay(found ?? this.parts.weights, found ? looked : head.places);
    this.isLate(!found);
    return Boolean(found);
  }

  lookAtWord() {
    const { head, word } = this;
    const found = word === head.word ? this.parts.weights : this.elsewhere.readersOf(word);
    if (word === head.word) this.far.want([]);
    if (found || !this.weights) this.lay(found || this.parts.weights, [word]);
    this.isLate(!found);
    return true; // what is shown does not change with the patch
  }

  // Whether the weights are still those of another patch or word: Python has to be asked.
  isLate(late) {
    this.lags(late && !this.far.waits);
  }

  // A line is here that was waited for, or will not come.
  lineCame() {
    this.relook();
    if (!this.walk.waiting || this.late) return;
    this.showTogether(this.choice.asPick());
    this.walk.arrived();
  }

  // Of patches that Python was not asked for, by the queries of the map beside.
  measured(weights, places) {
    const sent = weights === this.parts.weights || this.head.scale.law !== "uniform";
    const found = sent ? null : this.elsewhere.measured(weights, places);
    return found ?? super.measured(weights, places);
  }

  // Where colours end at the largest weight of what is shown, that is another one for each patch.
  scaleOf(weights, places) {
    const { scale, each, word } = this.head;
    if (page.ends) return handed(scale);
    if (!each || samePlaces(places, word === null ? this.head.places : [word])) return scale;
    const { value } = this.tools.combine;
    const many = places.length > 1 && `${value} of ${places.length} patches`;
    return scaleTo(scale, weights, many || each);
  }

  say() {
    this.tools.say();
    say(this);
  }

  // ---- what is pointed at

  /** @param {Place | null} patch */
  point(patch) {
    if (!this.head || samePlaces(patch, this.hovered ?? null)) return;
    for (const place of [this.hovered, patch]) if (place) this.stale.add(place[0]);
    this.hovered = patch;
    this.choice.forget();
    this.promptly("paintPointed");
  }

  paintPointed() {
    if (this.follows) {
      this.relook();
    } else {
      for (const t of this.stale) if (this.canvases[t]) this.paintStep(t);
      this.say();
      this.elsewhere.expect(this.hovered);
    }
    this.stale.clear();
    this.pointTogether(this.hovered && pointOf(this.hovered, this.head, this.follows));
  }

  paintBand() {
    if (this.band) this.paintStep(this.band[0][0]);
  }

  // All in one paint: what is on its way is waited for, a little.
  relook() {
    this.look();
    if (!this.far.waits) this.paint();
  }

  /** @param {Point | null} point that another picture shows */
  pointed(point) {
    if (!this.head?.axes || this.head.still) return;
    const here = point?.link === this.head.link ? point : null;
    this.guides = guidesOf(here, this.head.axes);
    const known = this.head.word !== null && this.elsewhere.able;
    this.pointedWord = known && Number.isInteger(here?.key) ? here.key : null;
    this.soon("relook");
  }

  // ---- what is chosen

  hold(locked) {
    this.memory.locked = locked;
    this.sayAloud(locked ? "The patch is held" : "The pointer is followed");
    this.relook();
  }

  recombine() {
    this.relook();
    this.choice.tell();
  }

  chose() {
    this.relook();
    this.choice.sayAloud();
  }

  /** @param {Pick} pick */
  adopt(pick) {
    return this.choice.adopt(pick);
  }

  // ---- walking

  /**
   * @param {Place} place
   * @returns {boolean} whether it is shown already; else Python is asked
   */
  walkTo(place) {
    Object.assign(this.memory, { places: [place], locked: true });
    const shown = this.look();
    if (shown) this.paint();
    if (shown && this.near) this.showTogether(this.choice.asPick());
    else if (!this.far.waits) this.choice.tell();
    return shown && this.near;
  }

  walked() {
    this.choice.tell();
  }

  tellWalk(walk) {
    this.tell("walk", walk);
  }
}

export default (call) => show(FilmStrip, call);
