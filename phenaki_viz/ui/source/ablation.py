"""Heads off and layers cut, for a trained model: what its sliders can honestly be."""

from typing import TYPE_CHECKING

import streamlit as st

from phenaki_viz.figures.naming import head_label, module_family
from phenaki_viz.recording import attention_modules
from phenaki_viz.recording.families.phenaki import stack_and_layer, transformer_modules
from phenaki_viz.recording.interventions import CutDepth, Intervention, ZeroHead
from phenaki_viz.recording.switches import Switches
from phenaki_viz.ui.session import page
from phenaki_viz.ui.source import changes
from phenaki_viz.ui.state.offers import among, within

if TYPE_CHECKING:
    from torch import nn

OFF = "off"
KEPT = "kept_"
_WHOLE = "switches.whole"  # layers of each transformer, by the key of its slider


def draw(model: "nn.Module") -> Switches:
    """Draw the switches; returns what is off."""
    st.header("Switch off", anchor=False)
    labels = {_label(name, head): (name, head) for name, head in _heads(model)}
    page.keep_options(OFF, labels)
    off = st.multiselect(
        "Heads off",
        list(labels),
        placeholder="all heads are on",
        help="A head that is off adds nothing to the output; its map shows what it would do",
        **among(OFF, labels),
    )
    depths = _depths(model)
    boxes = {name: within(_key(name), 0, layers) for name, layers in depths}
    _follow_depths({_key(name): layers for name, layers in depths})
    depth = set()
    with st.expander("Depth: cut layers away", icon=":material/layers_clear:"):
        for name, layers in depths:
            kept_layers = st.slider(
                f"{transformer_name(name)}: layers kept", 0, layers, layers,
                **boxes[name],
            )  # fmt: skip
            if kept_layers < layers:
                depth.add((name, kept_layers))
    return Switches(
        off=frozenset(labels[label] for label in off),
        depth=frozenset(depth),
        also=changes.in_force(model),
    )


def _follow_depths(whole: dict[str, int]) -> None:
    """All layers of a model that has another depth than the one before: its sliders stay else."""
    before = page.get(_WHOLE, whole)
    for key, layers in whole.items():
        kept = page.get(key, layers)
        if before.get(key, layers) != layers or not 0 <= kept <= layers:
            page.put(key, layers)
    page.put(_WHOLE, {**before, **whole})


def is_off(module: str, head: int) -> bool:
    """Whether the switch of a head is off."""
    return _label(module, head) in page.get(OFF, [])


def toggle(module: str, head: int) -> None:
    """Switch one head off, or on again; a callback."""
    label = _label(module, head)
    off = list(page.get(OFF, []))
    page.put(OFF, [one for one in off if one != label] if label in off else [*off, label])


def take_back(one: Intervention) -> None:
    """Undo one of what `draw` returned, whichever control it is of; a callback."""
    if isinstance(one, ZeroHead):
        toggle(one.module, one.head)
    elif isinstance(one, CutDepth):
        page.put(_key(one.module), page.held(_WHOLE)[_key(one.module)])
    else:
        changes.take_back(one)


def all_on() -> None:
    """Every head on, every layer kept, nothing else changed; a callback."""
    changes.take_all_back()
    page.put(OFF, [])
    # Set, not deleted: what the browser last sent would come back.
    for key, layers in page.get(_WHOLE, {}).items():
        if page.has(key):
            page.put(key, layers)


def _heads(model: "nn.Module") -> list[tuple[str, int]]:
    return [
        (name, head)
        for name, module in attention_modules(model).items()
        for head in range(module.heads)
    ]


def _depths(model: "nn.Module") -> list[tuple[str, int]]:
    found = {
        name: len(module.get_submodule("layers")._modules)
        for name, module in transformer_modules(model).items()
    }
    return [(name, layers) for name, layers in found.items() if layers]


def _label(module: str, head: int) -> str:
    _, layer = stack_and_layer(module)
    return f"{module_family(module)} {head_label(layer, head)}"


def transformer_name(name: str) -> str:
    """'encoder spatial', 'MaskGit', 'critic': whose layers these are."""
    found = module_family(name)
    return {"self": "MaskGit", "critic self": "critic"}.get(found, found)


def _key(transformer: str) -> str:
    """Of its slider: the same for a MaskGit alone and in a Phenaki, another for its critic."""
    inside = transformer.removeprefix("maskgit.").removeprefix("cvivit.")
    return KEPT + inside.replace(".", "_")
