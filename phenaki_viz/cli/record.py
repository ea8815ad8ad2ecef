"""`phenaki-viz record`: run a model on a clip, write everything its attention did to one file."""

import argparse
import sys
from pathlib import Path
from typing import Any

from phenaki_viz.cli.dialling import add_options, dialled_run

TRAINED = "trained"


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "record", help="run a model on a clip, keep its attention in a file"
    )
    parser.add_argument("output", type=Path, help="the .safetensors file to write")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help=f"a checkpoint, or '{TRAINED}' for the model that comes with the project; without "
        "it, the model is dialled and its weights are random",
    )
    parser.add_argument(
        "--hold",
        choices=("auto", "stored", "parts"),
        default="auto",
        help="maps as they are, or by the parts they are recomputed from",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Run, record, write."""
    from phenaki_viz.files import check_target
    from phenaki_viz.recording import describe_holding
    from phenaki_viz.recording.files import save_recording

    check_target(asked.output)  # before the work, not after it
    made = _look(asked) if asked.weights else dialled_run(asked, hold=asked.hold, on_progress=_tell)
    save_recording(asked.output, made)
    size = asked.output.stat().st_size / 1e6
    said = describe_holding(made.recording)
    print(f"{asked.output}: {len(made.recording)} maps, {size:.1f} MB; {said}", file=sys.stderr)
    return 0


def _look(asked: argparse.Namespace) -> Any:
    from phenaki_viz.checkpoints import open_checkpoint
    from phenaki_viz.data import SHIPPED_MODEL, load_clip, read_prompt, sample_clip
    from phenaki_viz.recording.looking import Ask, look, most_frames

    model = open_checkpoint(
        SHIPPED_MODEL if asked.weights == TRAINED else Path(asked.weights)
    ).model
    clip = load_clip(asked.clip) if asked.clip else sample_clip()
    frames = most_frames(model, min(len(clip.frames), asked.frames or len(clip.frames)))
    ask = Ask(frames=frames, hold=asked.hold)
    return look(model, clip, read_prompt(asked.prompt), ask, on_progress=_tell)


def _tell(done: int, of: int) -> None:
    print(f"\rattention {done} of {of}", end="" if done < of else "\n", file=sys.stderr)
