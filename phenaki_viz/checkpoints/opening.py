"""Open a file of weights: find out what it is, build that model, and check it before it is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from phenaki_viz.checkpoints.files import Source, Told, Weights, digest_of, weights_of
from phenaki_viz.checkpoints.headers import HEADER, Native, read_native
from phenaki_viz.checkpoints.native import FORMAT
from phenaki_viz.checkpoints.settings import (
    Finding,
    Setting,
    critic_settings,
    cvivit_settings,
    maskgit_settings,
)
from phenaki_viz.errors import (
    CheckpointError,
    ConfigError,
    FileError,
    NonFiniteWeightsError,
    ShapeError,
)
from phenaki_viz.models import CViViT, MaskGit, Phenaki, TokenCritic
from phenaki_viz.models.configs import (
    CriticConfig,
    CViViTConfig,
    MaskGitConfig,
    PhenakiConfig,
    from_json,
    layers_of,
)

Config = CViViTConfig | MaskGitConfig | CriticConfig | PhenakiConfig
CONFIGS: dict[str, Any] = {
    config.__name__: config for config in (CViViTConfig, MaskGitConfig, CriticConfig, PhenakiConfig)
}
KINDS: dict[str, type[nn.Module]] = {
    "CViViTConfig": CViViT,
    "MaskGitConfig": MaskGit,
    "CriticConfig": TokenCritic,
    "PhenakiConfig": Phenaki,
}
# Only training needs these: losses of C-ViViT, and counters of a moving average.
LEFT_OUT = re.compile(r"(cvivit\.)?(discr|vgg)\.|initted$|step$|online_model\.")
WHOLE_NUMBERS = re.compile(r"(.*\.)?vq\.(mask|_codebook\.initted|zero)$")
NAMED = 5  # of the keys that do not match


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a file holds. kind: CViViT, MaskGit, TokenCritic or Phenaki. bytes: of the file.

    settings: with where each comes from. notes: what was left out or unwrapped. title, licence,
    record: of this project's own files.
    """

    name: str
    kind: str
    config: Config
    settings: tuple[Setting, ...]
    notes: tuple[str, ...]
    tensors: int
    bytes: int
    title: str = ""
    licence: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Opened:
    """A model ready to run, in eval mode, float32. digest: of the file's bytes."""

    model: nn.Module
    config: Config
    inspection: Inspection
    digest: str


def inspect_checkpoint(source: Source, corrections: Mapping[str, Any] | None = None) -> Inspection:
    """What a checkpoint is, from names and shapes alone; the numbers in it are not read.

    source: a path, or the name and bytes of an upload. corrections: settings by name, as an
    earlier inspection named them. Raises CheckpointError.
    """
    with weights_of(source) as weights:
        return _inspect(weights, corrections or {})


def open_checkpoint(
    source: Source,
    corrections: Mapping[str, Any] | None = None,
    *,
    allow_non_finite: bool = False,
) -> Opened:
    """The model of a checkpoint: built anew, filled, checked; nothing that exists is touched.

    Its shapes are compared with those of a model without memory before any number is read.
    allow_non_finite: take weights with NaN or infinity all the same. Raises CheckpointError, of
    which NonFiniteWeightsError is one.
    """
    with weights_of(source) as weights:
        inspection = _inspect(weights, corrections or {})
        empty = _fitted(inspection, _used(weights.tensors))
        state = _used(weights.read()) | {key: torch.zeros(shape) for key, shape in empty.items()}
        digest = digest_of(source)
    converted = sorted({str(t.dtype).removeprefix("torch.") for t in state.values()
                        if t.is_floating_point() and t.dtype != torch.float32})  # fmt: skip
    state = {key: t.float() if t.is_floating_point() else t for key, t in state.items()}
    _check_finite(inspection.name, state, allow_non_finite)
    model = _filled(inspection, state)
    if converted:
        note = f"weights converted from {', '.join(converted)} to float32"
        inspection = _noting(inspection, note)
    return Opened(model, inspection.config, inspection, digest)


def _inspect(weights: Weights, corrections: Mapping[str, Any]) -> Inspection:
    shapes = _plain(weights.tensors)
    notes = list(weights.notes)
    if len(shapes) != len(weights.tensors):
        notes.append("the moving average (ema_model) is used")
    left_out = sorted({key.split(".")[0] for key in shapes if LEFT_OUT.match(key)})
    if left_out:
        notes.append(f"left out, as only training needs it: {', '.join(left_out)}")
    shapes = {key: told for key, told in shapes.items() if not LEFT_OUT.match(key)}
    _check_numbers(weights.name, shapes)
    header = _own_header(weights)
    settings: tuple[Setting, ...]
    try:
        if header:
            config = from_json(CONFIGS[header.kind], header.config)
            settings = tuple(_read(config))
        else:
            config, settings = _inferred(shapes, corrections)
    except (ConfigError, ShapeError, CheckpointError) as error:
        raise CheckpointError(f"{weights.name}: {error}") from error
    return Inspection(
        name=weights.name,
        kind=KINDS[type(config).__name__].__name__,
        config=config,
        settings=settings,
        notes=tuple(notes),
        tensors=len(weights.tensors),
        bytes=weights.bytes,
        title=header.title if header else "",
        licence=header.licence if header else "",
        record=header.record if header else {},
    )


def _plain(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Without what wraps every name: a moving average's, a data-parallel module's."""
    for prefix in ("ema_model.", "module."):
        inside = {
            key.removeprefix(prefix): value
            for key, value in tensors.items()
            if key.startswith(prefix)
        }
        if inside:
            return inside
    return dict(tensors)


def _used(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """What a model is filled with: without what wraps it, and without what only training needs."""
    return {key: value for key, value in _plain(tensors).items() if not LEFT_OUT.match(key)}


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
    shapes: Mapping[str, Told], corrections: Mapping[str, Any]
) -> tuple[Config, tuple[Setting, ...]]:
    """Which model the names make, and its settings."""

    def part(prefix: str) -> Finding:
        inside = {
            key.removeprefix(prefix): told for key, told in shapes.items() if key.startswith(prefix)
        }
        return Finding(inside, corrections, prefix)

    if any(key.startswith("maskgit.") for key in shapes):
        eyes, filler, critic = part("cvivit."), part("maskgit."), part("critic.")
        if not eyes.shapes:
            raise CheckpointError("this Phenaki was saved without its C-ViViT: save both")
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


def _fitted(inspection: Inspection, found: Mapping[str, Told]) -> dict[str, tuple[int, ...]]:
    """Compare with the model that the settings ask for; every difference is named.

    Returns the shapes of null key/values that older releases left out, as they are empty. Raises
    CheckpointError. No memory is taken: tensors of the meta device have a shape alone.
    """
    name = inspection.name
    layers = layers_of(inspection.config)
    if layers > inspection.tensors:
        raise CheckpointError(
            f"{name} does not fit a {inspection.kind}: its settings ask for {layers} layers, it "
            f"has {inspection.tensors} tensors"
        )
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            model = inspection.config.build()
    except (ConfigError, ShapeError) as error:
        raise CheckpointError(f"{name}: {error}") from error
    own = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    empty = {
        key: shape
        for key, shape in own.items()
        if 0 in shape and key.endswith("null_kv") and key not in found
    }
    missing = sorted(set(own) - set(found) - set(empty))
    unexpected = sorted(set(found) - set(own))
    if missing or unexpected:
        raise CheckpointError(
            f"{name} does not fit a {inspection.kind}: {_some('missing', missing)}; "
            f"{_some('not known', unexpected)}"
        )
    wrong = [key for key in own if key in found and own[key] != found[key].shape]
    if wrong:
        key = wrong[0]
        more = f" ({len(wrong)} such tensors)" if len(wrong) > 1 else ""
        raise CheckpointError(
            f"{name}: {key} is {_words(found[key].shape)} in the file, the model with these "
            f"settings needs {_words(own[key])}{more}"
        )
    return empty


def _filled(inspection: Inspection, state: dict[str, torch.Tensor]) -> nn.Module:
    """A new model with these weights, which were found to fit it."""
    with torch.random.fork_rng(devices=[]):
        model: nn.Module = inspection.config.build()
    model.load_state_dict(state, strict=True)
    return model.eval()


def _check_numbers(name: str, shapes: Mapping[str, Told]) -> None:
    for key, told in shapes.items():
        if not told.dtype.is_floating_point and not WHOLE_NUMBERS.match(key):
            kind = str(told.dtype).removeprefix("torch.")
            raise CheckpointError(
                f"{name}: {key} holds {kind} numbers; weights must be floating point"
            )


def _check_finite(name: str, state: Mapping[str, torch.Tensor], allowed: bool) -> None:
    bad = {
        key: int((~torch.isfinite(tensor)).sum())
        for key, tensor in state.items()
        if tensor.is_floating_point() and not torch.isfinite(tensor).all()
    }
    if bad and not allowed:
        named = ", ".join(f"{key} ({count})" for key, count in list(bad.items())[:NAMED])
        raise NonFiniteWeightsError(
            f"{name} has NaN or infinity in {_count(len(bad), 'tensor')}: {named}. Training went "
            "wrong; use an earlier checkpoint"
        )


def _count(many: int, what: str) -> str:
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def _some(what: str, keys: list[str]) -> str:
    if not keys:
        return f"nothing {what}"
    more = f", … ({len(keys)} in all)" if len(keys) > NAMED else ""
    return f"{what}: {', '.join(keys[:NAMED])}{more}"


def _words(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _noting(inspection: Inspection, note: str) -> Inspection:
    fields = vars(inspection) | {"notes": (*inspection.notes, note)}
    return Inspection(**fields)
