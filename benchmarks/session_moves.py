"""What sessions of `benchmarks.sessions` ask for, move by move, and what settings compute alone."""

import random
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, digit_clip, read_prompt, sample_clip
from phenaki_viz.figures.naming import head_label
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.source.trained import CAPTIONS
from phenaki_viz.ui.state.dial_settings import Settings

STACK = "maskgit.transformer.layers.{}.1"
SMALL = {"heads": 4, "depth": 2, "size": 32, "patch": 4, "frames": 5, "dim": 64, "dim_head": 16}
SAID = "seven moving right"


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
        options = RunOptions(
            share=self.masked / 100, seed=self.mask_seed, frames=9, switches=switches
        )
        return run_model(kept.shipped, digit_clip(self.film), read_prompt(self.say), options)

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
        return look_elsewhere(self, chance, 2, 4)


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
        return look_elsewhere(self, chance, 2, 4)


@dataclass(frozen=True)
class OwnMove(Move):
    """A checkpoint of which settings are corrected."""

    causal: bool = True
    film: str = CAPTIONS[0]
    layer: int = 0

    query: ClassVar = {"source": "Your own", "maps": "Encoder temporal", "layer": 0}

    def run(self, kept: "Reference") -> Run:
        """What these settings alone compute."""
        options = RunOptions(share=0.5, frames=9)
        return run_model(kept.own[self.causal], digit_clip(self.film), read_prompt(""), options)

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
        return look_elsewhere(self, chance, 2, 4)


def look_elsewhere(move: Any, chance: random.Random, layers: int, heads: int) -> Any:
    """The same settings with another layer or head looked at, and what says so."""
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
