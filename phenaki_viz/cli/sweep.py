"""`phenaki-viz sweep`: what every head, every layer or any change is worth."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.cli.options import at_least, file_name, format_of, share
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

    from phenaki_viz.analysis.incremental import Incremental
    from phenaki_viz.data import Clip, Prompt
    from phenaki_viz.evaluation.effects import HeadEffect
    from phenaki_viz.evaluation.trials import Trials
    from phenaki_viz.recording import Recording
    from phenaki_viz.recording.interventions import Interventions

TRAINED = "trained"
JSON = "json"
CLIPS = 10
SHOWN = 10  # heads that are printed


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "sweep",
        help="what every head is worth: the loss with it off",
        description="Switch every attention head of the MaskGit off in turn, or every layer, and "
        "measure how much the loss of hidden tokens rises, with its 95 % interval over clips. "
        "With --interventions, measure what those do together instead.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "output", type=Path, nargs="?", help="where to: .json, .csv, .npz, .png, .svg, .pdf "
        "or .html; of interventions .json (default: only printed)",
    )  # fmt: skip
    parser.add_argument(
        "--weights",
        type=file_name,
        metavar="FILE",
        default=TRAINED,
        help="a whole Phenaki (default: trained, the model that comes with the project)",
    )
    parser.add_argument(
        "--clip",
        type=file_name,
        action="append",
        metavar="FILE",
        help="a clip of yours; can be given again, each with its --prompt (default: clips that "
        "come with the project)",
    )
    parser.add_argument(
        "--prompt", action="append", metavar="TEXT", help="what a --clip shows, in the same order"
    )
    parser.add_argument(
        "--clips",
        type=at_least(1),
        metavar="N",
        help=f"how many of the project's clips (default: {CLIPS})",
    )
    parser.add_argument(
        "--masks", type=at_least(1), default=2, metavar="N", help="masks of each clip (default: 2)"
    )
    parser.add_argument(
        "--masked", type=share, default=0.9, metavar="SHARE",
        help="share of the tokens that are hidden (default: 0.9)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=at_least(0), default=0, metavar="N", help="of the first mask (default: 0)"
    )
    parser.add_argument(
        "--layers", action="store_true",
        help="switch a layer's self heads, or its cross heads, off together",
    )  # fmt: skip
    parser.add_argument(
        "--interventions", metavar="FILE", type=Path,
        help="a JSON list of changes, as the link of the page What if holds it: "
        '[{"do": "scale position", "factor": 0, "module": "maskgit"}]',
    )  # fmt: skip
    parser.add_argument(
        "--maps-from", metavar="FILE", type=Path, action="append",
        help="a recording that a change takes a map of, which it names by this file's name or "
        'digest: [{"do": "transfer map", "module": "maskgit.transformer.layers.3.1", "head": 3, '
        '"recording": "run.safetensors"}]; can be given again (default: none)',
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, print the costliest heads or what a change does, write the file."""
    from phenaki_viz.checkpoints import open_checkpoint
    from phenaki_viz.data import SHIPPED_MODEL
    from phenaki_viz.evaluation.trials import trials
    from phenaki_viz.files import write_bytes

    ending = _format(options)
    given = _interventions(options.interventions) if options.interventions else ()
    path = SHIPPED_MODEL if options.weights == TRAINED else Path(options.weights).expanduser()
    model = open_checkpoint(path).model
    given = _with_maps(model, given, options.maps_from or ())
    made = trials(
        model, _clips(options), masks=options.masks, share=options.masked, seed=options.seed
    )
    if given:
        content = _changed(model, made, given)
    else:
        content = _swept(model, made, ending, layers=options.layers)
    if options.output:
        write_bytes(options.output, content)
    return 0


def _format(options: argparse.Namespace) -> str:
    """The format of the output file; refuses what would do nothing, before the work."""
    from phenaki_viz.export import FORMATS
    from phenaki_viz.files import target_of

    ending = format_of(options.output, (JSON,) if options.interventions else (JSON, *FORMATS))
    if options.layers and options.interventions:
        raise ConfigError("--layers is of the sweep; --interventions measures one change")
    if options.maps_from and not options.interventions:
        raise ConfigError("--maps-from is of --interventions, which say what is done with the maps")
    if options.output:
        target_of(options.output)
    return ending


def _interventions(path: Path) -> "Interventions":
    """The changes of a file. Raises ConfigError or FileError."""
    from phenaki_viz.files import open_file
    from phenaki_viz.recording.interventions import from_json
    from phenaki_viz.recording.interventions.texts import LONGEST

    with open_file(path.expanduser()) as file:
        given = from_json(file.read(LONGEST + 1))
    if not given:
        raise ConfigError(f"{path.name} holds no change: nothing would be measured")
    return given


def _with_maps(
    model: "nn.Module", given: "Interventions", paths: Sequence[Path]
) -> "Interventions":
    """Each map of another run made, or read from these recordings. Raises RecordingError."""
    from phenaki_viz.checkpoints.shards import digest_of
    from phenaki_viz.evaluation.transfers import with_maps
    from phenaki_viz.runs.files import open_recording

    files: dict[str, Recording] = {}
    for path in (one.expanduser() for one in paths):
        recording = open_recording(path).recording
        files |= {path.name: recording, digest_of(path): recording}
    return with_maps(model, given, files)


def _swept(model: "nn.Module", made: "Trials", ending: str, *, layers: bool) -> bytes:
    """Every head or layer in turn, printed; the content of the file, if there is one."""
    from phenaki_viz.evaluation.effects import layers_of, sweep
    from phenaki_viz.export import render
    from phenaki_viz.figures.effect_files import effects_values
    from phenaki_viz.figures.effect_views import (
        effects_heading,
        effects_picture,
        effects_sentence,
    )
    from phenaki_viz.recording.origin import origin_of

    effects = _with_progress(sweep.steps(model, made, layers_of(model) if layers else None))
    print(f"{effects_heading(effects)}\n{effects_sentence(effects, made)}")
    _print(effects)
    provenance = origin_of(model, (), {"clips": made.clips})
    if ending == JSON:
        return _json(effects_values(effects, made, provenance))
    return render(effects_picture(effects, made, provenance), ending) if ending else b""


def _changed(model: "nn.Module", made: "Trials", given: "Interventions") -> bytes:
    """What interventions do together, printed; the content of its file."""
    from phenaki_viz.evaluation.changes import change_of
    from phenaki_viz.figures.change_sentences import (
        change_heading,
        change_sentence,
        divergence_words,
        moved_words,
    )
    from phenaki_viz.figures.effect_files import change_values
    from phenaki_viz.recording.origin import origin_of

    change = change_of(model, made, given)
    print(f"{change_heading(given, change)}\n{change_sentence(made)}")
    print(f"  tokens that change: {moved_words(change)}")
    print(f"  divergence of the output: {divergence_words(change)}")
    return _json(change_values(given, change, made, origin_of(model, (), {"clips": made.clips})))


def _json(values: dict[str, Any]) -> bytes:
    import json

    return (json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _clips(options: argparse.Namespace) -> list[tuple["Clip", "Prompt"]]:
    from phenaki_viz.data import DIGIT_CLIPS, digit_clip, load_clip, read_prompt

    if not options.clip:
        if options.prompt:
            raise ConfigError("--prompt says what a --clip shows: give --clip as well")
        captions = list(DIGIT_CLIPS.values())[: options.clips or CLIPS]
        if (options.clips or 0) > len(captions):
            raise ConfigError(f"--clips {options.clips}: {len(captions)} come with the project")
        return [(digit_clip(caption), read_prompt(caption)) for caption in captions]
    if options.clips:
        raise ConfigError("--clips is of the clips that come with the project; --clip names yours")
    if len(options.prompt or ()) != len(options.clip):
        raise ConfigError(
            f"{len(options.clip)} --clip and {len(options.prompt or ())} --prompt: give each clip "
            "the words that say what it shows"
        )
    read = [load_clip(Path(name).expanduser()) for name in options.clip]
    return [(clip, read_prompt(text)) for clip, text in zip(read, options.prompt, strict=True)]


def _with_progress(steps: "Incremental[tuple[HeadEffect, ...]]") -> "tuple[HeadEffect, ...]":
    """Run to the end, printing the share that is done."""
    while True:
        try:
            print(
                f"\rheads switched off: {next(steps):.0%}   ", end="", file=sys.stderr, flush=True
            )
        except StopIteration as end:
            print("\rheads switched off: 100%", file=sys.stderr)
            effects: tuple[HeadEffect, ...] = end.value
            return effects


def _print(effects: Sequence["HeadEffect"]) -> None:
    from phenaki_viz.figures.effect_views import by_worth, effect_words, head_name

    for effect in by_worth(effects)[:SHOWN]:
        print(f"  {head_name(effect):16} {effect_words(effect)}")
    if len(effects) > SHOWN:
        print(f"  … and {len(effects) - SHOWN} more")
