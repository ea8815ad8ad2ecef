"""What a floor is asked that takes those above it: the package itself says where the answers are.

Where they are is loaded when they are asked for; so imports point down, and who only records loads
no clips, pictures or pages.
"""

from importlib import import_module
from typing import Any

_module = ""


def answered_by(module: str) -> None:
    """Have the functions of this module answer, each where its name is asked for."""
    global _module
    _module = module


def ask(name: str, *args: Any, **kwargs: Any) -> Any:
    """What the function of this name gives. Raises AttributeError where there is none."""
    return getattr(import_module(_module), name)(*args, **kwargs)
