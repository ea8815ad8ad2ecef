"""What a forked process has to do anew: of its parent's threads it has one, and all of their locks.

Whatever another thread held at that moment stays held there, and is waited for for ever.
"""

import os
from collections.abc import Callable


def in_forked_children(act: Callable[[], None]) -> Callable[[], None]:
    """Call this in every process that is forked of this one, before anything else: a decorator."""
    if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
        os.register_at_fork(after_in_child=act)
    return act
