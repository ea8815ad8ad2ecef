"""Which versions made a recording."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def versions() -> dict[str, str]:
    """Versions of this package and of what computes; 'checkout' when it is not installed."""
    found = {}
    for package in ("phenaki-viz", "torch", "einops", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "checkout"
    return found
