"""What a floor is asked that takes those above it: the package itself says where the answers are.

Where they are is loaded when they are asked for; so imports point down, and who only records loads
no clips, pictures or pages.
"""

from importlib import import_module
from typing import Any

_where: dict[str, tuple[str, str]] = {}


def answered_by(module: str, **functions: str) -> None:
    """Have functions of a module answer, each where its name is asked for."""
    _where.update({name: (module, function) for name, function in functions.items()})


def ask(name: str, *args: Any, **kwargs: Any) -> Any:
    """What answers this, called. Raises KeyError where nothing does."""
    module, function = _where[name]
    return getattr(import_module(module), function)(*args, **kwargs)
