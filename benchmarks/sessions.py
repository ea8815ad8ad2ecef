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
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors.torch import save_file

from benchmarks.client import Client
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt, sample_clip
from phenaki_viz.figures.naming import head_label
from phenaki_viz.models.configs import CViViTConfig
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.state.dial_settings import Settings
from tests import browser_fixtures
from tests.browser_fixtures import serve

APP = Path(__file__).parents[1] / "app.py"
CLOSE = 2e-5  # between two computations of one map
LATE = 10.0  # seconds without a word from the server, after which a page is what it will be
OVERTAKEN = 0.15  # share of moves that do not wait for the one before
STACK = "maskgit.transformer.layers.{}.1"
SMALL = {"heads": 4, "depth": 2, "size": 32, "patch": 4, "frames": 5, "dim": 64, "dim_head": 16}
SAID = "seven moving right"
OWN = CViViTConfig(
    dim=32, codebook_size=16, image_size=(48, 48), patch_size=(8, 8), temporal_patch_size=2,
    spatial_depth=1, temporal_depth=2, dim_head=8, heads=4, channels=1,
)  # fmt: skip


# ---- what it ought to see


@dataclass(frozen=True)
class Move:
    """Settings of a session as it knows them; what decides the picture, and which is looked at."""

    layer: int = 1
    head: int = 0


@dataclass(frozen=True)
class TrainedMove(Move):
    """The shipped model."""

    film: str = CAPTIONS[0]
    say: str = CAPTIONS[0]
    masked: int = 50
    mask_seed: int = 0
    off: frozenset[tuple[int, int]] = frozenset()

    query: ClassVar = {"source": "Trained", "maps": "Self", "layer": 1, "head": 0}

    def run(self, kept: "Reference") -> Run:
        """What these settings alone compute."""
        switches = Switches(off=frozenset((STACK.format(at), head) for at, head in self.off))
        ask = RunOptions(share=self.masked / 100, seed=self.mask_seed, frames=9, switches=switches)
        return run_model(kept.shipped, digit_clip(self.film), read_prompt(self.say), ask)

    def module(self) -> str:
        """Whose map is looked at."""
        return STACK.format(self.layer)

    def another(self, chance: random.Random) -> tuple["TrainedMove", dict[str, Any]]:
        """A random move, and the widgets that make it."""
        what = chance.choice(["run_model", "film", "say", "masked", "mask_seed", "off", "off"])
        if what == "film":
            # Another one: who picks the clip that is chosen changes nothing, its prompt neither.
            film = chance.choice([one for one in CAPTIONS if one != self.film])
            return replace(self, film=film, say=film), {"film": film}
        if what == "say":
            say = chance.choice(CAPTIONS)
            return replace(self, say=say), {"say": say}
        if what == "masked":
            masked = chance.randrange(5, 100, 5)
            return replace(self, masked=masked), {"masked": masked}
        if what == "mask_seed":
            seed = chance.randrange(4)
            return replace(self, mask_seed=seed), {"mask_seed": seed}
        if what == "off":
            heads = [(layer, head) for layer in (0, 1) for head in range(4)]
            off = frozenset(chance.sample(heads, chance.randrange(3)))
            return replace(self, off=off), {"off": sorted(f"self {head_label(*at)}" for at in off)}
        return _look_elsewhere(self, chance, 2, 4)


@dataclass(frozen=True)
class DialledMove(Move):
    """Random weights."""

    seed: int = 0
    heads: int = 4
    causal: bool = False
    prompt: str = SAID

    query: ClassVar = {
        "source": "Dial",
        "maps": "Self",
        "layer": 1,
        "prompt": "seven moving right",
        **SMALL,
    }

    def run(self, kept: "Reference") -> Run:
        """What these settings alone compute."""
        own = {name: value for name, value in asdict(self).items() if name not in ("layer", "head")}
        settings = Settings(**{**SMALL, **own})
        return run_dialled(settings.config, sample_clip(), read_prompt(self.prompt))

    def module(self) -> str:
        """Whose map is looked at."""
        return f"transformer.layers.{self.layer}.1"

    def another(self, chance: random.Random) -> tuple["DialledMove", dict[str, Any]]:
        """A random move, and the widgets that make it."""
        what = chance.choice(["run_model", "seed", "seed", "heads", "causal", "prompt"])
        if what == "seed":
            seed = chance.randrange(6)
            return replace(self, seed=seed), {"seed": seed}
        if what == "heads":
            heads = chance.randrange(4, 7)
            return replace(self, heads=heads), {"heads": heads}
        if what == "causal":
            return replace(self, causal=not self.causal), {"causal": not self.causal}
        if what == "prompt":
            prompt = chance.choice(["two left", SAID, "one"])
            return replace(self, prompt=prompt), {"prompt": prompt}
        return _look_elsewhere(self, chance, 2, 4)


@dataclass(frozen=True)
class OwnMove(Move):
    """A checkpoint of which settings are corrected."""

    causal: bool = True
    film: str = CAPTIONS[0]
    layer: int = 0

    query: ClassVar = {"source": "Your own", "maps": "Encoder temporal", "layer": 0}

    def run(self, kept: "Reference") -> Run:
        """What these settings alone compute."""
        ask = RunOptions(share=0.5, frames=9)
        return run_model(kept.own[self.causal], digit_clip(self.film), read_prompt(""), ask)

    def module(self) -> str:
        """Whose map is looked at."""
        return f"enc_temporal_transformer.layers.{self.layer}.1"

    def another(self, chance: random.Random) -> tuple["OwnMove", dict[str, Any]]:
        """A random move, and the widgets that make it."""
        what = chance.choice(["run_model", "causal", "causal", "film"])
        if what == "causal":
            now = not self.causal
            return replace(self, causal=now), {
                f"own__correct__{Reference.digest}__causal": str(now)
            }
        if what == "film":
            # Another one: who picks the clip that is chosen changes nothing, its prompt neither.
            film = chance.choice([one for one in CAPTIONS if one != self.film])
            return replace(self, film=film), {"film": film}
        return _look_elsewhere(self, chance, 2, 4)


def _look_elsewhere(move: Any, chance: random.Random, layers: int, heads: int) -> Any:
    if chance.random() < 0.5:
        layer = chance.randrange(layers)
        return replace(move, layer=layer), {"layer": layer}
    head = chance.randrange(heads)
    return replace(move, head=head), {"head": head}


class Reference:
    """What settings compute alone: models of this process, and the last maps."""

    digest = ""

    def __init__(self, own: Path) -> None:
        self.shipped = open_checkpoint(SHIPPED_MODEL).model
        corrected = {causal: open_checkpoint(own, {"causal": causal}) for causal in (True, False)}
        self.own = {causal: found.model for causal, found in corrected.items()}
        Reference.digest = corrected[True].digest
        self.kept: OrderedDict[Any, tuple[dict[str, Any], float | None]] = OrderedDict()
        self.lock = threading.Lock()

    def of(self, move: Any) -> tuple[dict[str, Any], float | None]:
        """The records by module, and the loss of the masked tokens."""
        key = type(move), replace(move, layer=0, head=0)
        with self.lock:  # one at a time: nothing can be mixed up here
            if key not in self.kept:
                run = move.run(self)
                records = {record.module: record for record in run.recording}
                outcome = getattr(run, "outcome", None)
                self.kept[key] = records, outcome.masked_loss if outcome else None
                while len(self.kept) > 48:
                    self.kept.popitem(last=False)
            return self.kept[key]


# ---- the soak


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
        move, more = _look_elsewhere(move, chance, 2, 4)
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
    asked = parser.parse_args()
    torch.set_num_threads(1)
    browser_fixtures.START_SECONDS = 600  # another program may have both cores
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "own.safetensors"
        torch.manual_seed(0)
        save_file(OWN.build().state_dict(), own)
        log = Path(folder) / "server.log"
        with serve(APP, log) as address:
            tally = soak(address, own, asked.sessions, asked.minutes, asked.seed)
        said = log.read_text()
        traces = said.count("Traceback")
        if traces:
            print(said[said.index("Traceback") :][:4000])
    print(
        f"{asked.sessions} sessions, {asked.minutes:g} min: {tally.answers} answers compared, "
        f"{len(tally.mixed)} mixed, {tally.late} late, {len(tally.exceptions)} exceptions, "
        f"{traces} tracebacks in the server's log"
    )
    return 1 if tally.mixed or tally.exceptions or traces else 0


if __name__ == "__main__":
    sys.exit(main())
