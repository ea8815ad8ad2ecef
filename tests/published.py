"""phenaki-pytorch 0.5.0's own attention.py as a module, without its package."""

import importlib.metadata
import importlib.util
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType

VERSION = "0.5.0"


@cache
def published_attention() -> ModuleType:
    """The module that holds the published Attention, Transformer, PEG and position biases.

    The package's __init__ is never run: it wants torchvision, T5 and more. Raises
    ModuleNotFoundError, with what to install, when it is not there in this version.
    """
    spec = importlib.util.find_spec("phenaki_pytorch")
    found = spec and importlib.metadata.version("phenaki-pytorch")
    if spec is None or spec.origin is None or found != VERSION:
        raise ModuleNotFoundError(
            f"phenaki-pytorch {VERSION} is not installed: "
            f"pip install --no-deps phenaki-pytorch=={VERSION}"
        )
    return _load("published_attention", Path(spec.origin).with_name("attention.py"))


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # beartype on typing.Tuple: theirs to mend
        spec.loader.exec_module(module)
    return module
