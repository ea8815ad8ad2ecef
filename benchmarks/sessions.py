"""Several sessions on one server, each at its own settings: is any shown what another one asked?

    python -m benchmarks.sessions --minutes 10 --sessions 8

Every session is a websocket of its own that sends what a browser sends: moved sliders, switched
heads, other prompts, a checkpoint's corrected setting; some moves overtake the one before. What the
page then shows (the map, the strip, the heading, the loss with a head off) is compared with what
these settings alone compute in this process. Prints how many answers were mixed up, and how many
exceptions there were; both should be 0.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from benchmarks.client import Client
from benchmarks.session_moves import DialledMove, OwnMove, Reference, TrainedMove, look_elsewhere
from phenaki_viz.figures.naming import head_label
from phenaki_viz.models.configs import CViViTConfig
from tests import browser_fixtures
from tests.browser_fixtures import serve

APP = Path(__file__).parents[1] / "app.py"
CLOSE = 2e-5  # between two computations of one map
LATE = 10.0  # seconds without a word from the server, after which a page is what it will be
OVERTAKEN = 0.15  # share of moves that do not wait for the one before
OWN = CViViTConfig(
    dim=32, codebook_size=16, image_size=(48, 48), patch_size=(8, 8), temporal_patch_size=2,
    spatial_depth=1, temporal_depth=2, dim_head=8, heads=4, channels=1,
)  # fmt: skip


@dataclass
class Tally:
    """What came of it. mixed: answers of other settings. late: that came right by themselves after
    the run that was waited for. exceptions: in pages and here.
    """

    answers: int = 0
    late: int = 0
    mixed: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)


def wrong(client: Client, move: Any, reference: Reference) -> str:
    """What does not fit these settings; empty when all of it does."""
    records, loss = reference.of(move)
    sent = client.components()
    if "map" not in sent:
        return "no map on the page"
    if errors := [alert.body for alert in client.of_kind("alert")]:
        return f"the page says {errors}, {[text.body for text in client.of_kind('text')]}"
    header, parts = sent["map"]
    record = records[move.module()]
    exact = record.map.full(_item(client, record), move.head)
    shown = np.nan_to_num(parts["values"].reshape(header["shape"]))  # hidden cells weigh nothing
    if shown.shape != exact.shape or not np.allclose(shown, exact, rtol=0, atol=CLOSE):
        gap = np.abs(shown - exact).max() if shown.shape == exact.shape else np.inf
        return f"the map is another one (largest difference {gap:.3g})"
    title = sent["heading"][0]["text"] if "heading" in sent else ""
    if head_label(move.layer, move.head) not in title:
        return f"the heading is {title!r}"
    metrics = {metric.label: metric.body for metric in client.of_kind("metric")}
    said = metrics.get("Loss of masked tokens (nats)")
    if bool(getattr(move, "off", ())) != (said is not None):
        return f"the effect of switches is {said}"
    if said is not None and abs(float(said) - (loss or 0)) > 0.002:
        return f"the loss with heads off is {said}, not {loss:.3f}"
    return ""


def _item(client: Client, record: Any) -> int:
    """The batch item that the page is at: the frame or the patch chosen in its number boxes."""
    at = {}
    for number in client.of_kind("number_input"):
        at[number.label] = int(number.value if number.set_value else number.default)
    original, _ = record.places.locate((at["Time"], at["Row"], at["Column"]))
    return record.item_of(original)


def session(number: int, address: str, own: Path, reference: Reference, ends: float, tally: Tally,
            seed: int) -> None:  # fmt: skip
    """Random moves until the time is over; a new session now and then."""
    chance = random.Random(seed * 1000 + number)
    kinds = [TrainedMove, DialledMove, OwnMove]
    which = number
    while time.monotonic() < ends:
        move: Any = kinds[which % len(kinds)]()
        which += 1
        client = Client(address, move.query)
        try:
            client.wait()
            if isinstance(move, OwnMove):
                client.send(own__path=str(own))
                client.wait()
            for _ in range(chance.randrange(5, 15)):
                if time.monotonic() >= ends:
                    break
                move = _step(client, move, chance)
                _judge(client, move, reference, tally, number)
        finally:
            client.close()


def _step(client: Client, move: Any, chance: random.Random) -> Any:
    """One move, or two of which the second overtakes the first."""
    move, widgets = move.another(chance)
    client.send(**widgets)
    if chance.random() < OVERTAKEN:
        time.sleep(chance.random() * 0.3)
        move, more = look_elsewhere(move, chance, 2, 4)
        client.send(**{**widgets, **more})
        client.wait(quiet=1)
        return move
    client.wait()
    return move


def _judge(client: Client, move: Any, reference: Reference, tally: Tally, number: int) -> None:
    tally.answers += 1
    for exception in client.of_kind("exception"):
        tally.exceptions.append(f"session {number}: {exception.type}: {exception.message[:200]}")
    error = wrong(client, move, reference)
    if error:  # a run may be on its way still, or only now begin: what stays wrong is mixed
        client.rest(LATE)
        error = wrong(client, move, reference)
        tally.late += not error
    if error:
        said = [text.body for text in client.of_kind("markdown") if "digest" in text.body]
        sent = f"sent {client.values}, the page says {said[:1]}"
        tally.mixed.append(f"session {number}: {error}, at {move}; {sent}")
        print(tally.mixed[-1], flush=True)


def guarded(work: Callable[[], None], tally: Tally) -> None:
    try:
        work()
    except Exception:
        tally.exceptions.append(traceback.format_exc(limit=-3))
        print(tally.exceptions[-1], flush=True)


def soak(address: str, own: Path, sessions: int, minutes: float, seed: int) -> Tally:
    """So many sessions at once for so long."""
    reference, tally = Reference(own), Tally()
    ends = time.monotonic() + minutes * 60
    threads = [
        threading.Thread(
            target=guarded,
            args=(lambda n=n: session(n, address, own, reference, ends, tally, seed), tally),
        )
        for n in range(sessions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    browser_fixtures.START_SECONDS = 600  # another program may have both cores
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.safetensors"
        torch.manual_seed(0)
        save_file(OWN.build().state_dict(), own)
        log = Path(folder) / "server.log"
        with serve(APP, log) as address:
            tally = soak(address, own, options.sessions, options.minutes, options.seed)
        said = log.read_text()
        traces = said.count("Traceback")
        if traces:
            print(said[said.index("Traceback") :][:4000])
    print(
        f"{options.sessions} sessions, {options.minutes:g} min: {tally.answers} answers compared, "
        f"{len(tally.mixed)} mixed, {tally.late} late, {len(tally.exceptions)} exceptions, "
        f"{traces} tracebacks in the server's log"
    )
    return 1 if tally.mixed or tally.exceptions or traces else 0


if __name__ == "__main__":
    sys.exit(main())
