"""Pages compute nothing and start no threads: both are done below, with tests of their own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import phenaki_viz.ui

ROOT = Path(phenaki_viz.ui.__file__).parent
LIBRARIES = {"numpy", "torch", "einops", "scipy", "statistics", "sklearn"}
# Of an array: what makes numbers of it. Those that take no argument are meant without one.
MAKES = {"argsort", "astype", "cumsum", "dot", "nonzero", "ravel", "reshape", "searchsorted"}
THREADS = {"Thread", "Timer", "Process", "ThreadPoolExecutor", "ProcessPoolExecutor"}
REDUCES = {"all", "any", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum", "var"}


def computes(source: str) -> Iterator[str]:
    """What of a module computes, or could: 'line 3: mean()'."""
    tree = ast.parse(source)
    types_only = {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inside in ast.walk(node)
    }
    for node in ast.walk(tree):
        said = _said(node)
        if said and id(node) not in types_only:
            yield f"line {node.lineno}: {said}"


def _said(node: ast.AST) -> str:
    match node:
        case ast.Import(names=names):
            found = [one.name for one in names if one.name.partition(".")[0] in LIBRARIES]
            return f"import {', '.join(found)}" if found else ""
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in LIBRARIES:
            return f"from {module}"
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name in MAKES or (
            name in REDUCES and not args
        ):
            return f"{name}()"
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in THREADS:
            return f"{name} begun"
        case ast.Subscript(value=array, slice=ast.Tuple(elts=[ast.Constant(value=first), *_])) if (
            first is ... and ast.unparse(array) not in ("Callable", "tuple")
        ):
            return "an axis added"
    return ""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy as np", ["line 1: import numpy"]),
        ("from torch import nn", ["line 1: from torch"]),
        ("def f():\n    from numpy.linalg import norm", ["line 2: from numpy.linalg"]),
        ("if TYPE_CHECKING:\n    import numpy as np", []),
        ("loss.mean()", ["line 1: mean()"]),
        ("Thread(target=draw).start()", ["line 1: Thread begun"]),
        ("with futures.ThreadPoolExecutor(2): pass", ["line 1: ThreadPoolExecutor begun"]),
        ("found.mean('entropy')", []),  # a table's mean of a measure, worked out below
        ("picture.values[..., None, None]", ["line 1: an axis added"]),
        ("told: Callable[..., None]", []),
        ("weights.astype(float)", ["line 1: astype()"]),
    ],
)
def test_what_computes_is_found(source, found):
    assert list(computes(source)) == found


def test_no_page_computes():
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted(ROOT.rglob("*.py"))
        if (lines := list(computes(path.read_text(encoding="utf-8"))))
    }
    assert not found
