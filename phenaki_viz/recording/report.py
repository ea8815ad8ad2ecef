"""What a recording did not see, and why: said in sentences when its block ends."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from phenaki_viz.nouns import counted

NAMED = 4  # modules that a sentence names


@dataclass
class Heard:
    """What happened in a block beside the calls that were recorded.

    model: its class. waited_for: names of the modules that were listened to. ran: runs of the model
    itself in the block's thread. elsewhere: calls in other threads. copies: calls of copies.
    stand_ins: calls on tensors without numbers, by what they were. silent: calls that never handed
    over their map, by module. failed: why calls could not be recorded, by module. recomputed: calls
    made again by a backward pass. left_out: of modules whose layers were cut away.
    compiled_inside: whether the compiler was first used in there. scripted: attention that is
    TorchScript, by name. unscaled: attention without q_scale and k_scale, by name. empty: calls
    without a token or a key, by module. masked: modules whose masks are of another kind than is
    read.
    """

    model: str
    waited_for: Sequence[str]
    ran: int = 0
    recorded: int = 0
    elsewhere: int = 0
    copies: int = 0
    recomputed: int = 0
    left_out: int = 0
    compiled_inside: bool = False
    stand_ins: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    scripted: Sequence[str] = ()
    unscaled: Sequence[str] = ()
    empty: Counter[str] = field(default_factory=Counter)
    masked: set[str] = field(default_factory=set)

    def missed(self) -> tuple[str, ...]:
        """A sentence for each reason; empty where all that ran was recorded."""
        reasons = self._reasons()
        if self.recorded:
            return reasons
        many = counted(len(self.waited_for), "attention module")
        were = "was" if len(self.waited_for) == 1 else "were"
        waited = f"Nothing was recorded: {many} of {self.model} {were} waited for, "
        return (waited + f"{_named(self.waited_for)}.", *(reasons or (self._why_nothing(),)))

    @property
    def wrong(self) -> bool:
        """Whether somebody has to be told who did not ask."""
        nothing = not self.recorded and not self.left_out
        return nothing or bool(self.silent or self.failed or self.scripted)

    def _reasons(self) -> tuple[str, ...]:
        found = []
        if self.elsewhere:
            found.append(
                f"The model ran in another thread ({self.elsewhere} of its modules' calls), and a "
                "recording hears its own thread alone: open record() in the thread that runs the "
                "model."
            )
        if self.copies:
            found.append(
                f"A copy of the model ran ({self.copies} of its modules' calls): record the copy "
                "that is run."
            )
        for what, count in self.stand_ins.items():
            found.append(
                f"Attention was called {_times(count)} {what}: maps have numbers only where the "
                "model runs on plain tensors, as model(x)."
            )
        for name, count in self.silent.items():
            found.append(
                f"{name or 'The model'} ran {_times(count)} without calling attn_dropout, to_q or "
                "to_kv as modules, so its map was never handed over: record a module whose "
                "forward calls them."
            )
        for name, why in self.failed.items():
            found.append(f"{name or 'The model'} ran and could not be recorded: {why}.")
        for name, count in self.empty.items():
            found.append(
                f"{name or 'The model'} was called {_times(count)} without a batch item, a token "
                "or a key, so there was no map."
            )
        for name in sorted(self.masked):
            found.append(
                f"{name or 'The model'} was given a mask that is not one of batch × keys: its map "
                "is what was used, and cells that this mask hides are not told from small weights."
            )
        if self.unscaled:
            found.append(
                f"{_named(self.unscaled)}: attention without q_scale and k_scale, a plain scaled "
                "dot product, whose maps this program does not read."
            )
        for name in self.scripted:
            found.append(
                f"{name} is TorchScript, which calls no Python hooks, so its maps are not in here: "
                "record a model with the module that it was made of."
            )
        return tuple(found)

    def _why_nothing(self) -> str:
        if self.recomputed:
            return (
                f"Only a backward pass ran, which recomputed {self.recomputed} calls (gradient "
                "checkpointing): put the forward into the block."
            )
        if self.left_out:
            return "Their layers were cut away."
        if self.compiled_inside:
            return (
                "The model was compiled inside the block: call torch.compile before record(), "
                "which then runs the model uncompiled."
            )
        if self.ran:
            return (
                f"The model itself ran {_times(self.ran)}, but none of these modules did: its "
                "forward went another way, or other modules= are needed."
            )
        return (
            "The model was not called in the block: record the very object that is called. An "
            "earlier copy of it, another model, or an exported, traced or scripted program of it "
            "has modules of its own; what another thread or process runs, as a DataLoader's "
            "workers do, is not heard."
        )


def _named(names: Sequence[str]) -> str:
    shown = [name or "(the model itself)" for name in names[:NAMED]]
    return ", ".join(shown) + (" …" if len(names) > NAMED else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
