"""Whether a page stays calm while something is changed: watched from inside, every frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from playwright.sync_api import Page

TOLERANCE = 2  # CSS pixels
# Each picture is an element with a key of its own; what it has painted last says `data-painted`.
WATCH = """
() => {
  const deep = (root, selector) => {
    const own = root.querySelector(selector);
    if (own) return own;
    for (const e of root.querySelectorAll("*")) {
      const found = e.shadowRoot && deep(e.shadowRoot, selector);
      if (found) return found;
    }
    return null;
  };
  const kept = new WeakMap();
  const painted = (box) => {
    if (!kept.get(box)?.isConnected) kept.set(box, deep(box, "[data-painted]"));
    return kept.get(box);
  };
  const main = document.querySelector("[data-testid=stMain]");
  const look = () => {
    const pictures = {};
    for (const box of main.querySelectorAll(".stElementContainer[class*=st-key-]")) {
      const key = [...box.classList].find((name) => name.startsWith("st-key-"));
      if (key.includes("shared") || box.querySelector(".pv-said")) continue;
      if (!box.querySelector("[data-testid^=stBidi]")) continue;
      const at = painted(box);
      (pictures[key] ??= []).push(at ? at.getBoundingClientRect().height : 0);
    }
    return [performance.now(), main.scrollTop, main.scrollHeight, pictures];
  };
  const pair = () => {
    const heading = main.querySelector(".pv-said :is(h1, h2, h3)")?.textContent ?? "";
    const box = main.querySelector(".st-key-map, .st-key-word-strip");
    const map = box && painted(box);
    const dimmed = Boolean(map?.closest(".old"));
    const shows = map?.closest(".panel")?.dataset.shows ?? "";
    return [performance.now(), `${heading} | ${shows}`, dimmed];
  };
  const watch = (window.phenakiVizWatch = { looks: [], pairs: [] });
  watch.begin = () => { watch.looks = [look()]; watch.pairs = [pair()]; };
  watch.begin();
  // What stood between two frames nobody has seen.
  const frame = () => {
    watch.looks.push(look());
    watch.pairs.push(pair());
    requestAnimationFrame(frame);
  };
  frame();
}
"""
SEEN = """() => {
  const { looks, pairs } = window.phenakiVizWatch;
  return [looks, pairs];
}"""


@dataclass
class Seen:
    """What happened while something was changed.

    blank: milliseconds for which a picture was missing that was there before and after. twice:
    pictures that stood there twice. jumped: the largest change of `scrollTop`. grown, shrunk: by
    how much `scrollHeight` was outside of what it was before and after. apart: milliseconds for
    which the heading and its picture were not of the same, and the picture not dimmed.
    """

    blank: float = 0
    twice: tuple[str, ...] = ()
    jumped: float = 0
    grown: float = 0
    shrunk: float = 0
    apart: float = 0

    @property
    def calm(self) -> bool:
        """Nothing of that."""
        sizes = max(self.jumped, self.grown, self.shrunk) <= TOLERANCE
        return sizes and not (self.blank or self.twice or self.apart)


def watch(page: Page, scroll: int = 300) -> None:
    """Begin to look, at a page that is scrolled down a little."""
    page.evaluate("to => { document.querySelector('[data-testid=stMain]').scrollTop = to }", scroll)
    page.evaluate(WATCH)


@contextmanager
def watching(page: Page) -> Iterator[Seen]:
    """What happened inside the block; `watch` comes first."""
    page.evaluate("window.phenakiVizWatch.begin()")
    found = Seen()
    yield found
    looks, pairs = page.evaluate(SEEN)
    _judge_looks(found, looks)
    rest = {pairs[0][1], pairs[-1][1]}
    for (at, pair, dimmed), (after, *_) in pairwise(pairs):
        if pair not in rest and not dimmed:
            found.apart += after - at


def _judge_looks(found: Seen, looks: list) -> None:
    (_, top, first, before), (*_, last, after) = looks[0], looks[-1]
    lasting = [key for key in before if key in after and any(before[key])]
    twice = set()
    for (at, now_top, height, pictures), (later, *_) in pairwise(looks):
        if any(not any(pictures.get(key, ())) for key in lasting):
            found.blank += later - at
        twice |= {key for key in lasting if len(pictures.get(key, ())) > len(before[key])}
        found.jumped = max(found.jumped, abs(now_top - top))
        found.grown = max(found.grown, height - max(first, last))
        found.shrunk = max(found.shrunk, min(first, last) - height)
    found.twice = tuple(sorted(twice))
