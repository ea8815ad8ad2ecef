"""Open a file of weights: find out what it is, build that model, and check it before it is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from phenaki_viz.checkpoints.corrections import full_names, value_like, value_text
from phenaki_viz.checkpoints.cvivit_settings import cvivit_settings
from phenaki_viz.checkpoints.files import Source, TensorInfo, Weights
from phenaki_viz.checkpoints.finding import Finding, Setting
from phenaki_viz.checkpoints.fitting import NAMED, check_finite, check_fit, check_numbers
from phenaki_viz.checkpoints.inspection import Config, Inspection
from phenaki_viz.checkpoints.layouts import completed, refuse_others, todays_shape
from phenaki_viz.checkpoints.naming import Naming, named
from phenaki_viz.checkpoints.native import FORMAT
from phenaki_viz.checkpoints.native_header import HEADER, RECORDED, Native, read_native
from phenaki_viz.checkpoints.settings import critic_settings, maskgit_settings
from phenaki_viz.checkpoints.shards import digest_of, whole_weights_of
from phenaki_viz.errors import (
    CheckpointError,
    ConfigError,
    FileError,
    ShapeError,
)
from phenaki_viz.files import shown
from phenaki_viz.memory import lacks_memory
from phenaki_viz.models import CViViT, MaskGit, Phenaki, TokenCritic
from phenaki_viz.models.configs import (
    CriticConfig,
    CViViTConfig,
    MaskGitConfig,
    PhenakiConfig,
    from_json,
)
from phenaki_viz.models.seeding import random_stream

CONFIGS: dict[str, Any] = {
    config.__name__: config for config in (CViViTConfig, MaskGitConfig, CriticConfig, PhenakiConfig)
}
KINDS: dict[str, type[nn.Module]] = {
    "CViViTConfig": CViViT,
    "MaskGitConfig": MaskGit,
    "CriticConfig": TokenCritic,
    "PhenakiConfig": Phenaki,
}
# Only training needs these: what the losses of C-ViViT, here and in its forks, are made of.
LEFT_OUT = re.compile(r"(cvivit\.)?(discr|vgg|i3d|loss_fn_lpips|lpips|perceptual_loss)\.")
WEIGHTS = "weights"  # the setting that says which of several sets is taken


@dataclass(frozen=True, eq=False)
class Opened:
    """A model ready to run, in eval mode, float32. digest: of the file's bytes."""

    model: nn.Module
    config: Config
    inspection: Inspection
    digest: str


def inspect_checkpoint(source: Source, corrections: Mapping[str, Any] | None = None) -> Inspection:
    """What a checkpoint is, from names and shapes alone; the numbers in it are not read.

    source: a path of a file, an index of shards or a folder, or the name and bytes of an upload.
    corrections: settings by name, as an earlier inspection named them; `image_size` will do for
    `cvivit.image_size`. Raises CheckpointError, also for a name that is no setting.
    """
    with whole_weights_of(source) as weights:
        return _inspect(weights, corrections or {})[0]


def open_checkpoint(
    source: Source,
    corrections: Mapping[str, Any] | None = None,
    *,
    allow_non_finite: bool = False,
) -> Opened:
    """The model of a checkpoint: built anew, filled, checked; nothing that exists is touched.

    source, corrections: see `inspect_checkpoint`. allow_non_finite: take weights with NaN or
    infinity all the same. The model and its parts keep what was assumed and left out, in words, as
    `assumed` and `opened_notes`, so that a recording of them says so too. Shapes are compared with
    those of a model without memory before any number is read. Raises CheckpointError, of which
    NonFiniteWeightsError is one.
    """
    try:
        return _opened(source, corrections or {}, allow_non_finite)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        name = shown(source.name if isinstance(source, Path) else source[0])
        raise CheckpointError(
            f"there is not enough memory for the weights of {name}: they are read, and filled into "
            "a model, which takes their size twice"
        ) from error


def _opened(source: Source, corrections: Mapping[str, Any], allow_non_finite: bool) -> Opened:
    with whole_weights_of(source) as weights:
        inspection, naming = _inspect(weights, corrections)
        check_fit(inspection, _used(naming.of(weights.tensors)))
        state = _used(naming.of(weights.read()))
        digest = digest_of(source)
    converted = sorted({str(t.dtype).removeprefix("torch.") for t in state.values()
                        if t.is_floating_point() and t.dtype != torch.float32})  # fmt: skip
    state = {key: t.float() if t.is_floating_point() else t for key, t in state.items()}
    check_finite(inspection.name, state, allow_non_finite)
    model = _filled(inspection, completed(state))
    if converted:
        note = f"weights converted from {', '.join(converted)} to float32"
        inspection = _noting(inspection, note)
    for part in (model, *model.children()):
        vars(part).update(assumed=inspection.assumptions, opened_notes=inspection.notes)
    return Opened(model, inspection.config, inspection, digest)


def _inspect(weights: Weights, corrections: Mapping[str, Any]) -> tuple[Inspection, Naming]:
    try:
        return _looked_at(weights, corrections)
    except (ConfigError, ShapeError, CheckpointError) as error:
        text = str(error)
        raise CheckpointError(
            text if text.startswith(weights.name) else f"{weights.name}: {text}"
        ) from error


def _looked_at(weights: Weights, corrections: Mapping[str, Any]) -> tuple[Inspection, Naming]:
    if RECORDED in weights.metadata:
        raise CheckpointError("a recording of what attention did, and no weights are in it")
    if not weights.tensors:
        raise CheckpointError("there is no tensor in it")
    corrections = dict(corrections)
    picked = corrections.pop(WEIGHTS, None)
    naming = named(weights.tensors, picked)
    notes = [*weights.notes, *naming.notes]
    every = naming.of(weights.tensors)
    left_out = sorted({match[0].rstrip(".") for key in every if (match := LEFT_OUT.match(key))})
    if left_out:
        notes.append(f"left out, as only training needs it: {', '.join(left_out)}")
    shapes = {
        key: TensorInfo(todays_shape(key, info.shape), info.dtype)
        for key, info in _used(every).items()
    }
    check_numbers(shapes)
    header = _own_header(weights)
    if header:
        config = from_json(CONFIGS[header.kind], header.config)
        settings = _as_read(config, corrections)
    else:
        refuse_others(shapes)
        config, settings = _settled(shapes, corrections)
    inspection = Inspection(
        name=weights.name,
        kind=KINDS[type(config).__name__].__name__,
        config=config,
        settings=(*_which(naming, picked is not None), *settings),
        notes=tuple(notes),
        tensors=len(weights.tensors),
        bytes=weights.bytes,
        title=header.title if header else "",
        licence=header.licence if header else "",
        record=header.record if header else {},
    )
    return inspection, naming


def _used(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """What a model is filled with: without what only training needs."""
    return {key: value for key, value in tensors.items() if not LEFT_OUT.match(key)}


def _which(naming: Naming, corrected: bool) -> list[Setting]:
    """Which of several sets of weights is taken, as a setting like others."""
    if len(naming.places) == 1:
        return []
    return [
        Setting(WEIGHTS, naming.chosen, "assumed", naming.why, naming.places, corrected=corrected)
    ]


def _settled(
    shapes: Mapping[str, TensorInfo], corrections: Mapping[str, Any]
) -> tuple[Config, tuple[Setting, ...]]:
    """Model and settings; corrections may be named in short, and none may be misspelt."""
    config, settings = _inferred(shapes, corrections)
    full = full_names(corrections, (setting.name for setting in settings))
    return (config, settings) if full == corrections else _inferred(shapes, full)


def _as_read(config: Any, corrections: Mapping[str, Any]) -> tuple[Setting, ...]:
    """Settings that came with the file, which says them: a correction may only agree."""
    settings = tuple(_read(config))
    values = {setting.name: setting.value for setting in settings}
    for name, correction in full_names(corrections, values).items():
        if value_like(name, correction, values[name]) != values[name]:
            raise CheckpointError(
                f"{name} is {value_text(values[name])}, as the file's header says; it cannot be "
                f"{value_text(correction)}"
            )
    return settings


def _own_header(weights: Weights) -> Native | None:
    """What this project wrote beside the weights; None in others' files."""
    if HEADER not in weights.metadata:
        return None
    try:
        header = read_native(weights.metadata[HEADER], weights.name)
    except FileError as error:
        raise CheckpointError(str(error)) from error
    if header.kind not in CONFIGS:
        raise CheckpointError(f"{weights.name}: its settings name no model that is known here")
    if header.format != FORMAT:
        raise CheckpointError(
            f"{weights.name} is of format {header.format}; this program reads "
            f"{FORMAT}: use the version that wrote it"
        )
    return header


def _inferred(
    shapes: Mapping[str, TensorInfo], corrections: Mapping[str, Any]
) -> tuple[Config, tuple[Setting, ...]]:
    """Which model the names make, and its settings."""

    def part(prefix: str) -> Finding:
        inside = {
            key.removeprefix(prefix): info for key, info in shapes.items() if key.startswith(prefix)
        }
        return Finding(inside, corrections, prefix)

    if any(key.startswith("maskgit.") for key in shapes):
        eyes, filler, critic = part("cvivit."), part("maskgit."), part("critic.")
        maskgit = maskgit_settings(filler)
        cvivit = cvivit_settings(eyes, maskgit.max_seq_len)
        own = critic.shapes and not critic.has(r"maskgit\.")
        config: Config = PhenakiConfig(
            cvivit=cvivit,
            maskgit=maskgit,
            critic=critic_settings(critic) if own else None,
            self_critic=bool(critic.shapes) and not own,
        )
        return config, (*filler.settings, *eyes.settings, *critic.settings)
    found = part("")
    if found.has(r"spatial_rel_pos_bias\.") and found.has(r"to_patch_emb\."):
        return cvivit_settings(found), tuple(found.settings)
    if found.has(r"continuous_pos_bias\.") and found.has(r"token_emb\."):
        return maskgit_settings(found), tuple(found.settings)
    if found.has(r"token_emb\.") and found.has(r"to_logits\.0\."):
        return critic_settings(found), tuple(found.settings)
    named = ", ".join(list(shapes)[:NAMED])
    raise CheckpointError(
        f"these tensors are of no C-ViViT, MaskGit, TokenCritic or Phenaki; the first are {named}"
    )


def _read(config: Any, prefix: str = "") -> list[Setting]:
    """Every setting of a config that came with the file."""
    settings: list[Setting] = []
    for name, value in vars(config).items():
        if hasattr(value, "__dataclass_fields__"):
            settings += _read(value, f"{prefix}{name}.")
        elif value is not None:
            settings.append(Setting(prefix + name, value, "read", "it is in the file's header"))
    return settings


def _filled(inspection: Inspection, state: dict[str, torch.Tensor]) -> nn.Module:
    """A new model with these weights, which were found to fit it."""
    with random_stream():
        model: nn.Module = inspection.config.build()
    for key, tensor in model.state_dict().items():
        if tensor.numel() == 0 and key.endswith("null_kv"):
            state.setdefault(key, tensor)  # older releases did not have the empty ones
    model.load_state_dict(state, strict=True)
    return model.eval()


def _noting(inspection: Inspection, note: str) -> Inspection:
    fields = vars(inspection) | {"notes": (*inspection.notes, note)}
    return Inspection(**fields)
