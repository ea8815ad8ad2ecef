"""What is changed inside the calls of each attention module, gathered from interventions."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from phenaki_viz.errors import RecordingError
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording.families.phenaki import AttentionModule, position_bias_modules
from phenaki_viz.recording.interventions.in_force import note_source
from phenaki_viz.recording.interventions.kept_maps import kept_map
from phenaki_viz.recording.interventions.kinds import (
    CutEdges,
    Intervention,
    ScaleAlibi,
    ScaleAttention,
    ScalePosition,
    TransferMap,
)
from phenaki_viz.recording.interventions.putting_in import heads_put_in

Factors = tuple[float, ...]  # one a head
SCALES = (ScalePosition, ScaleAlibi, ScaleAttention)
INSIDE = (*SCALES, CutEdges, TransferMap)


@dataclass(frozen=True)
class Inside:
    """Changes of one attention module. position, alibi, scale: factors, or None for none.

    cuts: edges that are cut. maps: of another run, put in.
    """

    name: str
    position: Factors | None = None
    alibi: Factors | None = None
    scale: Factors | None = None
    cuts: tuple[CutEdges, ...] = ()
    maps: tuple[TransferMap, ...] = ()

    @property
    def changes_map(self) -> bool:
        """Whether the map is changed once it is made."""
        return bool(self.cuts or self.maps)

    @property
    def keeps_sums(self) -> bool:
        """Whether rows that are cut sum to 1 again."""
        return all(cut.renormalise for cut in self.cuts)


def insides(
    model: nn.Module, attentions: Mapping[str, AttentionModule], given: Sequence[Intervention]
) -> dict[str, Inside]:
    """The changes of every module that has some. Raises RecordingError for what cannot be."""
    for one in given:
        if isinstance(one, INSIDE):
            _check(model, attentions, one)
    found = {}
    for name, module in attentions.items():
        mine = [one for one in given if isinstance(one, INSIDE) and is_in(name, one.module)]
        made = _inside(name, module, mine)
        if made != Inside(name):
            found[name] = made
    return found


def is_in(name: str, part: str) -> bool:
    """Whether a module is a part of the model, or in it: 'maskgit.a' is in 'maskgit' and in ''."""
    return not part or name == part or name.startswith(f"{part}.")


def takes_edits(module: nn.Module) -> bool:
    """Whether an attention module can be changed inside: ours, not the published class."""
    return "edits" in inspect.signature(type(module).forward).parameters


def _inside(name: str, module: AttentionModule, mine: Sequence[Intervention]) -> Inside:
    cuts = tuple(one for one in mine if isinstance(one, CutEdges))
    if len({one.renormalise for one in cuts}) > 1:
        raise RecordingError(f"{name}: its rows are to be renormalised and not to be: choose one")
    maps = tuple(one for one in mine if isinstance(one, TransferMap))
    _check_maps(name, module, maps)
    return Inside(
        name,
        position=_factors(module, mine, ScalePosition),
        alibi=_factors(module, mine, ScaleAlibi) if hasattr(module, "rel_pos_bias") else None,
        scale=_factors(module, mine, ScaleAttention),
        cuts=cuts,
        maps=maps,
    )


def _check_maps(name: str, module: AttentionModule, maps: Sequence[TransferMap]) -> None:
    """That they are here, of as many heads as they are for, and one a head."""
    for one in maps:
        if one.module != name:
            raise RecordingError(f"{one.module}: a map is put into one module: name it in full")
        found, wanted = kept_map(one).shape[1], module.heads if one.head is None else 1
        if found != wanted:
            raise RecordingError(f"{name}: maps of {found} heads ({one.of}) for {wanted}")
    heads = heads_put_in(module, maps)
    twice = next((head for head in heads if heads.count(head) > 1), None)
    if twice is not None:
        raise RecordingError(f"{name}: two maps are put into head {twice}: choose one")


def _factors(
    module: AttentionModule, mine: Sequence[Intervention], kind: type[Intervention]
) -> Factors | None:
    """The product of all factors on each head; None where it is 1 for all."""
    factors = [1.0] * module.heads
    for one in mine:
        if isinstance(one, kind) and isinstance(one, SCALES):
            for head in range(module.heads) if one.head is None else (one.head,):
                factors[head] *= one.factor
    return None if set(factors) == {1.0} else tuple(factors)


def _check(
    model: nn.Module,
    attentions: Mapping[str, AttentionModule],
    one: ScalePosition | ScaleAlibi | ScaleAttention | CutEdges | TransferMap,
) -> None:
    reached = {name: module for name, module in attentions.items() if is_in(name, one.module)}
    where = one.module or "this model"
    if isinstance(one, ScaleAlibi):
        reached = {name: each for name, each in reached.items() if hasattr(each, "rel_pos_bias")}
    if not reached:
        what = "ALiBi" if isinstance(one, ScaleAlibi) else "attention"
        raise RecordingError(f"there is no {what} in {where}: nothing was changed")
    if isinstance(one, ScalePosition) and not position_bias_modules(model):
        raise RecordingError("this model has no position bias: nothing was changed")
    if isinstance(one, ScaleAttention) and one.factor != 1:
        closed = [name for name, module in reached.items() if not takes_edits(module)]
        if closed:
            raise RecordingError(
                f"the attention scale of {closed[0]} cannot be changed: the published class "
                "multiplies queries and keys where no hook reaches; open its weights with this "
                "project's classes"
            )
    head = one.head
    few = [name for name, module in reached.items() if head is not None and head >= module.heads]
    if few:
        raise RecordingError(f"there is no head {head} in {few[0]}: nothing was changed")


def scaled(bias: torch.Tensor | OffsetBias, factors: Factors) -> torch.Tensor | OffsetBias:
    """A position bias '… h i j' with each head's part times its factor."""
    made: torch.Tensor | OffsetBias
    if isinstance(bias, OffsetBias):
        axes = (1,) * (bias.surface.ndim - 1)
        table = bias.surface * bias.surface.new_tensor(factors).reshape(-1, *axes)
        made = OffsetBias(table, bias.dimensions)
    else:
        made = bias * bias.new_tensor(factors)[:, None, None]
    note_source(made, bias)
    return made
