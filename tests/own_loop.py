"""Coroutines in a thread of their own: tests in a browser leave a loop running in this one."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_apart(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the coroutine that `begin` makes returns; raises what it raises."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(lambda: asyncio.run(begin())).result()
