"""A notebook's front end as far as a widget knows it: a model with get, set, save_changes, on.

It stands in Chromium, and the real widget in Python answers it, as a kernel would: what is set in
the browser arrives as the trait's value, and what Python changes comes back as one message.
"""

import base64

from phenaki_viz.notebook.widget import View

SYNCED = (
    *("_style", "_dresses", "_film", "_grid", "_map", "_strip", "_pinned", "_pinned_lines"),
    *("_lines", "_selection", "_event"),
)
MODEL = """
window.start = async (esm, state) => {
  const read = (value) => {
    if (!value?.bytes) return value;
    const bytes = Uint8Array.from(atob(value.bytes), (one) => one.charCodeAt(0));
    return new DataView(bytes.buffer);
  };
  const held = new Map(Object.entries(state).map(([name, value]) => [name, read(value)]));
  const heard = new Map();
  const unsaved = new Set();
  const model = {
    get: (name) => held.get(name),
    set: (name, value) => { held.set(name, value); unsaved.add(name); },
    on: (event, answer) => heard.set(event, [...(heard.get(event) ?? []), answer]),
    off: (event, answer) => heard.set(event, heard.get(event).filter((one) => one !== answer)),
    send: async (message) => {
      const [answer, ...buffers] = await window.toPython(message);
      for (const answered of heard.get("msg:custom") ?? []) answered(answer, buffers.map(read));
    },
    save_changes: async () => {
      const told = Object.fromEntries([...unsaved].map((name) => [name, held.get(name)]));
      unsaved.clear();
      window.arrive(await window.toKernel(told));
    },
  };
  window.arrive = (changes) => {
    for (const [name, value] of Object.entries(changes)) held.set(name, read(value));
    for (const name of Object.keys(changes)) {
      for (const answer of heard.get(`change:${name}`) ?? []) answer();
    }
  };
  window.listeners = () => [...heard.values()].flat().length;
  const address = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const el = document.body.appendChild(document.createElement("div"));
  el.id = "output";
  window.leave = await widget.render({ model, el });
};
"""


class Host:
    """One widget on a page. heard: how often Python heard of something from the browser."""

    def __init__(self, page, view: View) -> None:
        self.page, self.view, self.changed, self.heard = page, view, set(), 0
        self.messages: list[dict] = []  # messages beside the state
        view.observe(lambda change: self.changed.add(change["name"]), names=list(SYNCED))
        page.expose_function("toKernel", self._arrived)
        page.expose_function("toPython", self._answer)
        page.goto("about:blank")
        page.evaluate(f"() => {{ {MODEL} }}")
        page.evaluate(
            "([esm, state]) => window.start(esm, state)",
            [str(view._esm), {name: self._wire(name) for name in SYNCED}],
        )

    def _answer(self, message):
        self.messages.append(message)
        answers = []
        self.view.send = lambda content, buffers=(): answers.append((content, buffers))
        self.view._handle_custom_msg(message, [])
        ((content, buffers),) = answers
        return [content, *({"bytes": base64.b64encode(one).decode()} for one in buffers)]

    def push(self) -> None:
        """Send what Python has changed, as the kernel does at once."""
        self.page.evaluate("(changes) => window.arrive(changes)", self._changes())

    def _arrived(self, state):
        self.heard += 1
        self.changed.clear()
        for name, value in state.items():
            setattr(self.view, name, value)
        self.changed -= set(state)
        return self._changes()

    def _changes(self):
        changes = {name: self._wire(name) for name in SYNCED if name in self.changed}
        self.changed.clear()
        return changes

    def _wire(self, name):
        value = getattr(self.view, name)
        return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
