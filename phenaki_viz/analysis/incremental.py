"""Long work a step at a time: it says how far it is, and callers may stop between two steps.

    @incremental
    def sink_keys(head: HeadMap) -> Incremental[Sinks]:
        ...
        yield 0.5
        ...
        return Sinks(...)

    sink_keys(head)        # the result, when all is done
    sink_keys.steps(head)  # a generator: the share done after each step, 0 to 1; returns the result

Whoever does not go on with the generator has stopped the work; nothing runs on.
"""

import functools
from collections.abc import Callable, Generator
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Incremental = Generator[float, None, T]


class IncrementalFunction(Generic[P, T]):
    """A function whose work can be had at once, by calling it, or in `steps`."""

    def __init__(self, work: Callable[P, Incremental[T]]) -> None:
        self.steps = work
        functools.update_wrapper(self, work)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do all of it."""
        return run_to_end(self.steps(*args, **kwargs))

    def __reduce__(self) -> str:
        return self.__wrapped__.__qualname__  # type: ignore[attr-defined]  # set by update_wrapper


def incremental(work: Callable[P, Incremental[T]]) -> IncrementalFunction[P, T]:
    """Make both faces of long work from one generator: `f(…)` and `f.steps(…)`."""
    return IncrementalFunction(work)


def within(steps: Incremental[T], begin: float, end: float) -> Incremental[T]:
    """The steps of a part of longer work, from one share of it to another; returns their result."""
    while True:
        try:
            share = next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        yield begin + share * (end - begin)


def run_to_end(steps: Incremental[T]) -> T:
    """Take every step there is; returns the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
