const PATIENCE = 5000; // milliseconds after which it is said although no picture came

// A heading, or a line of text, that says what pictures of the page show.
class Said extends LinkedPanel {
  accept({ head }) {
    this.next = head;
    shown.texts.add(this);
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.change(), PATIENCE);
    agree();
  }

  close() {
    super.close();
    clearTimeout(this.patience);
    shown.texts.delete(this);
    agree();
  }

  follow() {
    if (this.next && this.isTime()) this.change();
  }

  isTime() {
    const { of } = this.next;
    const others = Object.keys(of).filter((key) => of[key] !== this.head?.of[key]);
    const pictures = others.filter((key) => shown.pictures.has(key));
    return !pictures.length || pictures.some((key) => this.isShown(key, of));
  }

  change() {
    if (!this.next) return;
    clearTimeout(this.patience);
    this.head = this.next;
    this.next = null;
    this.place = this.head.place;
    if (room.pick) this.adopt(room.pick);
    this.draw();
  }

  isShown(key, of) {
    return isOf(shown.pictures.get(key)?.shows ?? "", this.said(of[key]));
  }

  said(of) {
    return of.replace("{place}", (this.place ?? []).join("."));
  }

  outgrew(key, shows) {
    const of = this.head?.of[key];
    return of !== undefined && !isOf(shows, this.said(of));
  }

  // The selection of the page: the words name the patch in the paint in which pictures show it.
  adopt({ link, query, key, place }) {
    if (link !== this.head?.link) return false;
    const { axes, side } = this.head;
    const named = side === "column" && Number.isInteger(key) ? [axes.key, key] : [axes.query, query];
    const found = place ?? (Number.isInteger(named[1]) ? placeOf(...named) : null);
    if (!found || String(found) === String(this.place)) return false;
    this.place = found;
    return true;
  }

  hear(pick) {
    if (!this.adopt(pick)) return;
    this.soon("draw");
    this.soon("settle");
  }

  settle() {
    agree();
  }

  draw() {
    if (!this.head) return;
    const { tag, badge } = this.head;
    const words = this.words();
    const made = JSON.stringify([words.map(({ textContent }) => textContent), tag, badge]);
    if (made === this.made) return;
    this.made = made;
    const said = make(tag, {}, ...words);
    const beside = badge && make("span", { className: "pv-badge", textContent: badge.text });
    if (badge) Object.assign(beside, { title: badge.about, tabIndex: 0 });
    this.panel.replaceChildren(...[said, beside].filter(Boolean));
  }

  // The text in pieces; the names of head and patch are buttons where they open something.
  words() {
    const { text, link, opens, tells, place, terms } = this.head;
    const plainly = (words) => make("span", {}, ...explained(words, terms ?? {}));
    if (!link || !this.place) return [plainly(text)];
    const patch = placeName(...this.place);
    if (!opens) return [plainly(`${text} · query ${patch}`)];
    const still = String(place) === String(this.place);
    return [
      this.opener(text, "layer"),
      plainly(": "),
      this.opener(patch, "step"),
      plainly(still ? ` ${tells}` : " …"),
    ];
  }

  opener(textContent, field) {
    const title = "Go to another: type the numbers";
    const onclick = () => openFields(this.head.opens, field);
    return make("button", { type: "button", className: "pv-open", textContent, title, onclick });
  }

  // For tests and other tools: whether every picture shows what is said, and what that is.
  note() {
    const of = this.head?.of ?? {};
    const here = Object.keys(of).filter((key) => shown.pictures.has(key));
    const agrees = here.every((key) => this.isShown(key, of) && !shown.pictures.get(key).late);
    const lead = Object.keys(of)[0];
    const whole = !lead || here.includes(lead);
    this.panel.dataset.agrees = String(agrees && whole && !this.next);
    this.panel.dataset.shows = Object.entries(of).map(([key, one]) => `${key}: ${this.said(one)}`);
  }
}

// The text, with each term of the glossary as a word that says what it means when pointed at.
function explained(text, terms) {
  const parts = [];
  const left = new Set(Object.keys(terms)); // each is explained once
  let rest = text;
  while (left.size) {
    const next = [...left]
      .map((term) => [termIn(rest, term), term])
      .filter(([at]) => at >= 0)
      .sort(([one, long], [other, short]) => one - other || short.length - long.length)[0];
    if (!next) break;
    const [at, term] = next;
    parts.push(rest.slice(0, at), make("abbr", { textContent: term, title: terms[term] }));
    rest = rest.slice(at + term.length);
    left.delete(term);
  }
  return [...parts, rest];
}

// Where a term stands by itself, outside of what a prompt says.
function termIn(text, term) {
  const letter = /[\p{L}\p{N}_-]/u;
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    const quoted = (text.slice(0, at).match(/“/g) ?? []).length > (text.slice(0, at).match(/”/g) ?? []).length;
    if (!quoted && !letter.test(text[at - 1] ?? " ") && !letter.test(text[at + term.length] ?? " ")) {
      return at;
    }
  }
  return -1;
}

// Open a popover of the page by its key, and go to one of its fields.
function openFields(key, name) {
  const field = () => document.querySelector(`[data-testid=stPopoverBody] .st-key-${name} input`);
  const open = () => document.querySelector(`.st-key-${key} button`)?.click();
  if (!field()) setTimeout(open); // after this click, which else counts as one beside the popover
  const end = performance.now() + 2000;
  const enter = () => {
    if (field()) field().select();
    else if (performance.now() < end) requestAnimationFrame(enter);
  };
  enter();
}

export default (call) => show(Said, call);
