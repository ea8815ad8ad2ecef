"""A Python of its own, that has the package's export but not its models: quick to start."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The package's own __init__ imports torch; a bare stand-in with the same path does not.
STAND_IN = """
import sys
package = sys.modules["phenaki_viz"] = type(sys)("phenaki_viz")
package.__path__ = ["phenaki_viz"]
"""


def alone(script: str, *words: str, before: Callable[[], object] | None = None) -> str:
    """Run a script; what it printed. before: called in the new process."""
    done = subprocess.run(
        [sys.executable, "-c", STAND_IN + script, *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=300,
        preexec_fn=before,
    )
    return done.stdout
