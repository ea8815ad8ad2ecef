"""phenaki-pytorch 0.5.0's own attention.py as a module, without its package."""

import importlib.metadata
import importlib.util
import sys
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


@cache
def published_phenaki() -> ModuleType:
    """The module that holds the published Phenaki, MaskGit and critics, and CViViT.

    torchvision and T5 are stood in for: neither is called by what is compared.
    """
    attention = published_attention()
    stand_ins = {name: ModuleType(name) for name in ("torchvision", "phenaki_pytorch")}
    t5 = ModuleType("phenaki_pytorch.t5")
    t5.t5_encode_text = t5.get_encoded_dim = lambda *args, **kwargs: None
    t5.DEFAULT_T5_NAME = "none"
    stand_ins |= {"phenaki_pytorch.t5": t5, "phenaki_pytorch.attention": attention}
    before = {name: sys.modules.get(name) for name in (*stand_ins, "phenaki_pytorch.cvivit")}
    folder = Path(attention.__file__).parent
    try:
        sys.modules |= stand_ins
        sys.modules["phenaki_pytorch.cvivit"] = _load("cvivit", folder / "cvivit.py")
        return _load("published_phenaki", folder / "phenaki_pytorch.py")
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # beartype on typing.Tuple: theirs to mend
        spec.loader.exec_module(module)
    return module
