"""Long work in steps: whoever asked for it may stop between two of them, and nothing runs on.

The steps of a piece of work are a generator: it yields how much of it is done, 0 to 1, after each
step and returns the result at the end. Whoever does not go on with it has stopped it.
"""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[float, None, T]


def finish(steps: Steps[T]) -> T:
    """Take every step there is; returns the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
