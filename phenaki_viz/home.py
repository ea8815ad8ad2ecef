"""Where app.py and assets/ lie: beside the package in a checkout, inside it once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "shipped"  # pyproject.toml puts both there when a wheel is built
HOME = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
APP = HOME / "app.py"
ASSETS = HOME / "assets"
