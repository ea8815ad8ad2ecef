"""The panels as JavaScript modules, for whatever page holds them; nothing here knows Streamlit.

`panels/` has one module a panel, each with `export default (call) => leave`: `call` is
`{data, parentElement, setStateValue}`, `data` what `pack` made, `leave` is called when the place on
the page is gone. `page/` is what panels have in common, `numbers/` is pure (no document, no
canvas), the other folders are rooms of one panel each. types.d.ts says what is handed about.

`bundle/` holds what tools/bundle.mjs makes of the modules: all panels as one file, which a served
page takes, being one request and half the bytes; those for a page that stands by itself, see
file_page.py; and the same as a notebook's widget. Where modules were edited since, a served page
takes the modules themselves, so that writing them needs no Node.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
BUNDLE = "bundle/phenaki_viz.js"
FILE_BUNDLE = "bundle/file.js"
WIDGET_BUNDLE = "bundle/widget.js"
BUNDLES = (BUNDLE, FILE_BUNDLE, WIDGET_BUNDLE)
INDEX = "panels/index.js"  # exports every panel by name, as the bundle does


@cache
def scripts() -> Mapping[str, bytes]:
    """Every script by its path, as modules import one another: 'panels/attention_map.js'."""
    paths = {path.relative_to(HERE).as_posix(): path for path in HERE.rglob("*.js")}
    return {name: paths[name].read_bytes() for name in sorted(paths)}


@cache
def digest() -> str:
    """Of all scripts, 16 hexadecimal digits: another one as soon as any of them is another."""
    return _digest(scripts())


@cache
def sources_digest() -> str:
    """Of the modules without the bundles, 16 hexadecimal digits: a bundle's first line names it."""
    return _digest({name: text for name, text in scripts().items() if name not in BUNDLES})


def _digest(files: Mapping[str, bytes]) -> str:
    sha = hashlib.sha256()
    for name, content in files.items():
        sha.update(f"{name} {len(content)}\n".encode() + content)
    return sha.hexdigest()[:16]


def is_fresh(bundle: str) -> bool:
    """Whether a bundle was made of the modules as they are."""
    first = scripts().get(bundle, b"").split(b"\n", 1)[0]
    return first.endswith(f" {sources_digest()}".encode())


def entry() -> str:
    """The script that exports every panel by its name: the bundle, while it is fresh."""
    return BUNDLE if is_fresh(BUNDLE) else INDEX


@cache
def style(name: str) -> str:
    """A style sheet by name, without indents: it is sent with the data of its panel."""
    lines = (HERE / "styles" / f"{name}.css").read_text(encoding="utf-8").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip()) + "\n"
