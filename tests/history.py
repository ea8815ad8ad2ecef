"""What was shown for a while only: written down in the page as it came, read when it is over.

A wait looks once a second; a picture that plays by itself shows each of its steps for less.
"""

from collections.abc import Callable

from playwright.sync_api import Locator, Page

VALUES = """(element, name) => {
  const seen = [];
  const note = () => seen.push(element.getAttribute(name) ?? "");
  note();
  new MutationObserver(note).observe(element, { attributeFilter: [name] });
  return (window.phenakiVizHistory ??= []).push(seen) - 1;
}"""
# A panel may stand in a shadow of the page; what is still being built is not seen.
ANYWHERE = """(name) => {
  const seen = ((window.phenakiVizHistory ??= [])[name] = []);
  const notes = new MutationObserver((all) =>
    all.forEach(({ target }) =>
      target.isConnected && seen.push(target.getAttribute(name) ?? "")));
  const note = (root) => {
    notes.observe(root, { attributeFilter: [name], subtree: true });
    return root;
  };
  note(document);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (how) { return note(attach.call(this, how)); };
}"""
WORDS = """(body, start) => {
  const seen = [];
  new MutationObserver(() => {
    const said = [...body.querySelectorAll("[data-testid=stText]")].map((one) => one.textContent);
    const now = said.find((one) => one.startsWith(start));
    if (now && now !== seen.at(-1)) seen.push(now);
  }).observe(body, { childList: true, characterData: true, subtree: true });
  return (window.phenakiVizHistory ??= []).push(seen) - 1;
}"""
HISTORY = "(at) => window.phenakiVizHistory[at]"

History = Callable[[], list[str]]


def values_of(found: Locator, attribute: str) -> History:
    """The values of an element's attribute from now on, one after the other."""
    at = found.evaluate(VALUES, attribute)
    return lambda: found.page.evaluate(HISTORY, at)


def values_on_next_page(page: Page, attribute: str) -> History:
    """Those of any element, on the page that is opened next."""
    page.add_init_script(f"({ANYWHERE})({attribute!r})")
    return lambda: page.evaluate(HISTORY, attribute)


def words_of(page: Page, start: str) -> History:
    """What `st.text` shows that begins so, one after the other, from now on."""
    at = page.locator("body").evaluate(WORDS, start)
    return lambda: page.evaluate(HISTORY, at)


def were_shown(history: History, *wanted: str) -> None:
    """Fails unless what begins so was shown, one after the other; more may have been between."""
    seen = history()
    rest = iter(seen)
    assert all(any(one.startswith(start) for one in rest) for start in wanted), (wanted, seen)
