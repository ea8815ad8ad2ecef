"""Weights or a dialled model, on a clip: options, which go together, and their run."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.cli.clips import OF_A_CLIP, OF_A_FILE, check_clip, clip_of, of_clip
from phenaki_viz.cli.dialling import DIALS, add_dials, add_layout, add_shown, dialled_run
from phenaki_viz.cli.options import at_least, correction, file_name, frame_size, share, token_grid
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.checkpoints import Opened
    from phenaki_viz.data import Clip, Prompt
    from phenaki_viz.runs.run import Run

TRAINED = "trained"
Tell = Callable[[int, int], None]
BOTH = ("frames", "seed")  # of a dialled model, and of weights as well
DIALLED = ("layout", "causal", *(dial for dial in DIALS if dial not in BOTH))
WEIGHED = ("set", "masked", "grid", "t5")
INSTEAD = {"patch": "patch_size", "causal": "causal", "temporal_patch": "temporal_patch_size"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which model, which clip and prompt, and the settings of each kind of model."""
    parser.add_argument(
        "--weights",
        type=file_name,
        metavar="FILE",
        help="a checkpoint, an index of shards or a folder, or 'trained' for the model that comes "
        "with the project (default: none; the model is dialled, and its weights are random)",
    )
    add_shown(parser)
    parser.add_argument(
        "--size",
        type=frame_size,
        metavar="HxW",
        help="frame size in pixels, 64 or 24x40 (default: 64; with weights, what they say, or "
        "an assumption that is told)",
    )
    parser.add_argument(
        "--frames",
        type=at_least(1),
        metavar="N",
        help="frames of the clip that the model sees (default: 9; with weights, all that model and "
        "clip allow)",
    )
    parser.add_argument(
        "--seed",
        type=at_least(0),
        metavar="N",
        help="of the random weights; with weights, of which tokens are masked and of codes that "
        "are made up (default: 0)",
    )
    dialled = parser.add_argument_group("without --weights")
    add_layout(dialled)
    add_dials(dialled, (dial for dial in DIALS if dial not in BOTH))
    weighed = parser.add_argument_group("with --weights")
    weighed.add_argument(
        "--set",
        type=correction,
        action="append",
        metavar="NAME=VALUE",
        help="correct a setting that the file does not fix, as causal=no or image_size=24x40; "
        "`phenaki-viz inspect` lists them; can be given again (default: what is assumed)",
    )
    weighed.add_argument(
        "--masked",
        type=share,
        metavar="SHARE",
        help="share of the tokens that MaskGit has to fill in, 0 to 1 (default: 0.5)",
    )
    weighed.add_argument(
        "--grid",
        type=token_grid,
        metavar="TxHxW",
        help="grid of the tokens, for a MaskGit or critic without C-ViViT (default: up to 6 "
        "square frames, which is told)",
    )
    weighed.add_argument(
        "--t5",
        metavar="NAME",
        help="a T5 encoder for the prompt: a folder, or a name on the Hugging Face hub (default: "
        "none; word vectors are random where the file brings no words)",
    )


def made_run(options: argparse.Namespace, *, storage: Any = "auto", on_progress: Tell) -> "Run":
    """The run of these options; what is assumed or made up is printed on stderr, and kept.

    Raises ConfigError for an option that would do nothing, before anything is run.
    """
    if not options.clip:
        _refuse(options, OF_A_FILE, "does nothing: it is about a file of yours; give --clip")
    if options.weights:
        return _of_weights(options, storage, on_progress)
    _refuse(options, WEIGHED, "is for weights: give --weights, or leave it out")
    run = dialled_run(options, storage=storage, on_progress=on_progress)
    notes = [f"clip: {run.clip.name}"] if not options.prompt else [
        f"clip: {run.clip.name}; nothing says that it shows what the prompt says, and random "
        "weights read neither"
    ]  # fmt: skip
    _keep(run, ["the weights and the word vectors are random", *notes])
    return run


def _of_weights(options: argparse.Namespace, storage: Any, on_progress: Tell) -> "Run":
    from phenaki_viz.checkpoints import open_checkpoint
    from phenaki_viz.data import SHIPPED_MODEL
    from phenaki_viz.runs.model import RunOptions, run_model
    from phenaki_viz.runs.model_parts import eyes_of

    _refuse(options, DIALLED, "is of the dialled model; with --weights, the file says it", INSTEAD)
    path = SHIPPED_MODEL if options.weights == TRAINED else Path(options.weights).expanduser()
    corrections: dict[str, Any] = {}
    for name, value in options.set or ():
        if name in corrections:
            raise ConfigError(f"--set {name} is given twice")
        corrections[name] = value
    if options.size:
        _check_frames(path, corrections)
        corrections["image_size"] = options.size
    opened = open_checkpoint(path, corrections)
    _check_used(options, opened)
    check_clip(options)
    _tell_opened(opened)
    if options.t5:
        _give_text(opened, options.t5)
    clip, prompt, chosen = _shown(options, opened)
    frames = _frames(options, opened, clip) if eyes_of(opened.model) else None
    run_options = RunOptions(
        frames=frames,
        storage=storage,
        grid=options.grid,
        seed=options.seed or 0,
        share=0.5 if options.masked is None else options.masked,
    )
    run = run_model(opened.model, clip, prompt, run_options, on_progress=on_progress)
    run.recording.provenance |= {"checkpoint": opened.inspection.name, "file_digest": opened.digest}
    _keep(run, chosen)
    return run


def _refuse(
    options: argparse.Namespace,
    names: Iterable[str],
    why: str,
    instead: Mapping[str, str] | None = None,
) -> None:
    """Refuse the first of these options that was given."""
    for name in names:
        if getattr(options, name) is not None:
            hint = (instead or {}).get(name)
            more = f"; to correct it: --set {hint}=…" if hint else ""
            raise ConfigError(f"--{name.replace('_', '-')} {why}{more}")


def _check_frames(path: Path, corrections: Mapping[str, Any]) -> None:
    """Refuse --size where it would do nothing, or is said in another way as well."""
    from phenaki_viz.checkpoints import inspect_checkpoint

    names = [setting.name for setting in inspect_checkpoint(path, corrections).settings]
    sized = [name for name in names if name.rpartition(".")[2] == "image_size"]
    if not sized:
        raise ConfigError(
            f"--size does nothing: {path.name} has no C-ViViT and is shown no frames; give --grid"
        )
    if {"image_size", *sized} & set(corrections):
        raise ConfigError("--size and --set image_size say the same: give one of them")


def _check_used(options: argparse.Namespace, opened: "Opened") -> None:
    """Refuse what this kind of model would not look at."""
    from phenaki_viz.runs.model_parts import encoder_of, eyes_of, filler_of, text_width

    model, kind = opened.model, opened.inspection.kind
    if eyes_of(model) is None:
        _refuse(
            options,
            ("clip", "frames", *OF_A_CLIP),
            f"does nothing: a {kind} alone is shown no frames",
        )
    else:
        _refuse(options, ("grid",), "does nothing: the C-ViViT says how its tokens lie")
    if filler_of(model) is None:
        _refuse(options, ("masked", "seed"), f"does nothing: a {kind} fills in no tokens")
    if not text_width(model):
        _refuse(options, ("prompt", "t5"), f"does nothing: this {kind} reads no text")
    elif encoder_of(model) is not None:
        _refuse(options, ("t5",), "does nothing: the file brings its own words")


def _give_text(opened: "Opened", name: str) -> None:
    from phenaki_viz.models.text import T5Text
    from phenaki_viz.runs.model_parts import text_width

    encoder, wanted = T5Text(name), text_width(opened.model)
    if encoder.dim != wanted:
        raise ConfigError(
            f"--t5 {name} gives {encoder.dim} features, the model reads {wanted}: use another"
        )
    model: Any = opened.model
    model.encode_texts = encoder


def _shown(options: argparse.Namespace, opened: "Opened") -> tuple["Clip", "Prompt", list[str]]:
    """Clip and prompt, and how they were chosen."""
    from phenaki_viz.data import digit_clip, read_prompt, sample_clip
    from phenaki_viz.models import WordEmbedding
    from phenaki_viz.runs.model_parts import encoder_of, eyes_of, most_frames

    prompt = read_prompt(options.prompt or "")
    if eyes_of(opened.model) is None:
        return sample_clip(), prompt, []  # not shown: there is nothing that could see it
    if options.clip:
        clip = clip_of(options, partial(most_frames, opened.model))
        unsure = "; nothing says that it shows what the prompt says" if prompt.words else ""
        return clip, prompt, [f"clip: {clip.name}{unsure}"]
    if not isinstance(encoder_of(opened.model), WordEmbedding):
        clip = clip_of(options, partial(most_frames, opened.model))
        unsure = ", which need not be what the prompt says" if prompt.words else ""
        return clip, prompt, [f"clip: {clip.name}{unsure}"]
    caption, match = nearest_caption(prompt.words)
    if options.prompt is None:
        return of_clip(digit_clip(caption), options), read_prompt(caption), [
            f"clip and prompt: “{caption}”, as none was given"
        ]  # fmt: skip
    return of_clip(digit_clip(caption), options), prompt, [match]


def nearest_caption(words: Iterable[str]) -> tuple[str, str]:
    """The caption of the clip that comes nearest to some words, and how near it comes."""
    from phenaki_viz.data import DIGIT_CLIPS

    wanted = [word.lower() for word in words]
    captions = list(DIGIT_CLIPS.values())
    shared = [one for one in captions if set(one.split()) & set(wanted)]
    best = max(shared, key=lambda one: _nearness(wanted, one, captions), default=captions[0])
    if wanted == best.split():
        return best, f"clip: “{best}”, which shows what the prompt says"
    if not wanted:
        return best, f"clip: “{best}”; the prompt has no words"
    near = "the nearest of those that come with the project" if shared else "the first"
    return best, f"clip: “{best}”, {near}; it does not show what the prompt says"


def _nearness(wanted: list[str], caption: str, captions: list[str]) -> float:
    """How much of what is wanted a caption says, less half of what it says besides.

    A word counts by how few captions have it: which digit it is tells more than that it moves.
    """
    words = set(caption.split())
    weight = {word: 1 / sum(word in one.split() for one in captions) for word in words}
    shared = sum(weight[word] for word in words & set(wanted))
    besides = sum(weight[word] for word in words - set(wanted))
    in_order = SequenceMatcher(None, wanted, caption.split()).ratio()
    return shared - besides / 2 + in_order / 100


def _frames(options: argparse.Namespace, opened: "Opened", clip: "Clip") -> int:
    """How many frames are shown: --frames, or all that model and clip allow."""
    from phenaki_viz.runs.model_parts import eyes_of, most_frames

    most = most_frames(opened.model, len(clip.frames))
    if options.frames is None:
        return most
    if most_frames(opened.model, min(options.frames, most)) != options.frames or options.frames < 1:
        step = eyes_of(opened.model).temporal_patch_size  # type: ignore[union-attr]
        raise ConfigError(
            f"--frames {options.frames}: this model and the {len(clip.frames)} frames of "
            f"{clip.name} allow 1 + a multiple of {step}, up to {most}"
        )
    return options.frames


def _tell_opened(opened: "Opened") -> None:
    found = opened.inspection
    _say(f"{found.name}: {found.kind}, {found.tensors} tensors, {found.bytes / 1e6:,.1f} MB")
    for sentence in found.assumptions:
        _say(f"  {sentence}")


def _keep(run: "Run", notes: list[str]) -> None:
    """Put notes into what made the recording, and print all that are there."""
    provenance = run.recording.provenance
    provenance["notes"] = [*notes, *provenance["notes"]]
    for note in provenance["notes"]:
        _say(f"  note: {note}")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
