"""No parameter list is long: what belongs together is handed over as one thing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import phenaki_viz

HOUSE = Path(phenaki_viz.__file__).parent
MOST = 8
# Constructors of phenaki-pytorch 0.5.0 whose arguments are kept as published: weights and code that
# were written for it go on working.
PUBLISHED = {
    "models/attention.py: Attention.__init__",
    "models/cvivit.py: CViViT.__init__",
    "models/maskgit.py: MaskGit.__init__",
    "models/transformer.py: Transformer.__init__",
}


def counted(node: ast.AST, within: str = "") -> Iterator[tuple[str, int]]:
    """Every function under a node by its name, and how many parameters it takes; self is none."""
    for child in ast.iter_child_nodes(node):
        name = f"{within}{getattr(child, 'name', '')}"
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            given = child.args
            taken = [*given.posonlyargs, *given.args, *given.kwonlyargs]
            taken += [one for one in (given.vararg, given.kwarg) if one]
            yield name, len([one for one in taken if one.arg not in ("self", "cls")])
        is_scope = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        yield from counted(child, f"{name}." if is_scope else within)


def test_parameters_are_counted_as_they_are_written() -> None:
    code = "class A:\n def f(self, a, /, b, *c, d=1, **e):\n  def g(h): ...\nasync def i(): ..."
    assert dict(counted(ast.parse(code))) == {"A.f": 5, "A.f.g": 1, "i": 0}


def test_no_parameter_list_is_longer_than_eight() -> None:
    long = {
        f"{path.relative_to(HOUSE).as_posix()}: {name}"
        for path in HOUSE.rglob("*.py")
        for name, count in counted(ast.parse(path.read_text(encoding="utf-8")))
        if count > MOST
    }
    assert long == PUBLISHED
