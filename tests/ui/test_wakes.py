"""The event loop hears everything in its order, and is woken once for what is said together."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from phenaki_viz.ui import wakes
from phenaki_viz.ui.wakes import Calls
from tests.own_loop import run_apart


class Session:
    """An event loop's session, as Streamlit's has it; `woken` counts what wakes the loop."""

    def __init__(self, loop):
        self._event_loop, self.woken = loop, 0


def said_by(*threads, monkeypatch):
    """What a loop hears of calls that threads make while it is held up, and how often it wakes."""
    heard = []

    async def run():
        session = Session(asyncio.get_running_loop())

        def soon(session, call):
            session.woken += 1
            session._event_loop.call_soon_threadsafe(call)

        monkeypatch.setattr(wakes, "_call_soon", soon)

        def say(words):
            for word in words:
                wakes._soon(session, lambda word=word: heard.append(word))

        running = [threading.Thread(target=say, args=(words,)) for words in threads]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()  # the loop is held up until all is said
        while len(heard) < sum(map(len, threads)):
            await asyncio.sleep(0)
        wakes._soon(session, lambda: heard.append("later"))
        while heard[-1] != "later":
            await asyncio.sleep(0)
        return session.woken

    return heard, run_apart(run)


def test_what_is_said_together_wakes_the_loop_once(monkeypatch):
    heard, woken = said_by(range(50), monkeypatch=monkeypatch)
    assert heard == [*range(50), "later"] and woken == 2


def test_each_of_two_is_heard_in_its_order(monkeypatch):
    heard, woken = said_by(range(500), range(1000, 1500), monkeypatch=monkeypatch)
    assert [word for word in heard[:-1] if word < 1000] == list(range(500))
    assert [word for word in heard[:-1] if word >= 1000] == list(range(1000, 1500))
    assert woken == 2


def test_what_one_thread_says_together_is_heard_at_its_end(monkeypatch):
    woken, heard = [], []
    monkeypatch.setattr(wakes, "_call_soon", lambda session, call: (woken.append(1), call()))
    session = Session(SimpleNamespace(call_soon=lambda call: call()))
    with pytest.raises(ZeroDivisionError), wakes.together():
        for word in range(3):
            wakes._soon(session, lambda word=word: heard.append(word))
        assert not woken
        raise ZeroDivisionError  # as where a run is overtaken: what was said is heard all the same
    assert woken == [1] and heard == [0, 1, 2]
    wakes._soon(session, lambda: heard.append("alone"))
    assert woken == [1, 1] and heard[-1] == "alone"


def test_a_call_that_fails_takes_no_other_with_it():
    ran, calls = [], Calls()
    calls.add(lambda: 1 / 0)
    calls.add(lambda: ran.append("second"))
    handed = []
    calls.begin(handed.append)
    assert len(handed) == 2 and not ran
    handed[1]()
    assert ran == ["second"] and calls.add(handed[1])  # nothing waits: the next one wakes


def test_the_sender_is_woken_from_elsewhere_alone_and_only_where_it_sleeps(monkeypatch):
    woken = []

    async def run():
        event = asyncio.Event()
        there = SimpleNamespace(need_send_data=event, eventloop=asyncio.get_running_loop())
        runtime = SimpleNamespace(_get_async_objs=lambda: there)
        monkeypatch.setattr(wakes, "_wake_sender", lambda one: (woken.append(1), event.set()))
        wakes._to_send(runtime)
        assert event.is_set() and not woken  # on the loop nothing has to be woken
        event.clear()

        def elsewhere():
            for _ in range(5):
                wakes._to_send(runtime)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    run_apart(run)
    assert len(woken) == 1
