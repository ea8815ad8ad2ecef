"""What a page must know of a model beside its maps: written into every recording, read from there.

`provenance["facts"]` of a recording: `{"convolutions": [{"stack", "causal", "layout"}, …]}`, one
entry for each kind of PEG in each transformer. A recording of before has no facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from phenaki_viz.recording.walking import Named, modules_of

FACTS = "facts"


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """PEG convolutions of one transformer that are alike. stack: its name.

    causal: they look back in time only. layout: "published" or "rearranged", see `models.PEG`.
    """

    stack: str
    causal: bool
    layout: str


def facts_of(model: nn.Module, parents: Sequence[Named] | None = None) -> dict[str, Any]:
    """JSON-able; modules are told by what they have, as the published classes are others.

    parents: the model's modules that have parts, if they are at hand.
    """
    found = [
        (name.partition(".layers.")[0], module)
        for name, module in parents or modules_of(model)
        if "dsconv" in module._modules and isinstance(module._modules["dsconv"], nn.Conv3d)
    ]
    kinds = [
        (
            stack,
            bool(getattr(module, "causal", False)),
            str(getattr(module, "layout", "published")),
        )
        for stack, module in found
    ]
    names = "stack", "causal", "layout"
    return {"convolutions": [dict(zip(names, kind, strict=True)) for kind in dict.fromkeys(kinds)]}


def convolutions_of(provenance: Mapping[str, Any]) -> tuple[Convolution, ...] | None:
    """The PEG convolutions of the model that was recorded; None where the recording does not say.

    A file's header is anybody's JSON: what is no such entry counts as not said.
    """
    facts = provenance.get(FACTS)
    entries = facts.get("convolutions") if isinstance(facts, Mapping) else None
    if not isinstance(entries, list):
        return None
    read = [_read(entry) for entry in entries]
    return None if None in read else tuple(kind for kind in read if kind is not None)


def _read(entry: Any) -> Convolution | None:
    if not isinstance(entry, Mapping):
        return None
    stack, causal, layout = (entry.get(name) for name in ("stack", "causal", "layout"))
    if not (isinstance(stack, str) and isinstance(causal, bool) and isinstance(layout, str)):
        return None
    return Convolution(stack=stack, causal=causal, layout=layout)
