"""A docstring can be read alone: none leans on the one above it."""

import ast
import re
from pathlib import Path

import phenaki_viz

ROOT = Path(phenaki_viz.__file__).parent
LEANING = re.compile(r"(The same\b|The other way round|As above|Those\b|Its\b)")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def leaning(source: str) -> list[str]:
    """Names of what is documented by a docstring that needs another one."""
    return [
        getattr(node, "name", "the module")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, DOCUMENTED) and LEANING.match(ast.get_docstring(node) or "")
    ]


def test_what_leans_is_found():
    code = 'def f():\n    """The same, faster."""\n\n\nclass A:\n    """Its own."""\n'
    assert sorted(leaning(code)) == ["A", "f"]
    assert not leaning('def f():\n    """A head that is measured in the same way."""\n')


def test_every_docstring_can_be_read_alone():
    found = {
        f"{path.relative_to(ROOT)}": names
        for path in sorted(ROOT.rglob("*.py"))
        if (names := leaning(path.read_text(encoding="utf-8")))
    }
    assert not found
