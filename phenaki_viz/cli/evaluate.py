"""`phenaki-viz evaluate`: the figures of a model trained on moving digits, beside untrained."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from phenaki_viz.cli.options import at_least, file_path
from phenaki_viz.errors import CheckpointError

NUMBERS = (  # name, least, default and what it is
    ("--captions", 1, 200, "captions of one digit, each of which is sampled and judged"),
    ("--clips", 2, 64, "clips for each measure of the maps"),
    ("--judge-clips", 20, 1200, "clips that the judge learns from"),
    ("--threads", 1, 1, "threads of PyTorch"),
)


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("evaluate", help="figures of a model trained on moving digits")
    parser.add_argument(
        "model", type=file_path, nargs="?", help="a whole Phenaki with its own words (default: the "
        "one that comes with the project)",
    )  # fmt: skip
    for name, least, default, what in NUMBERS:
        parser.add_argument(
            name, type=at_least(least), default=default, metavar="N",
            help=f"{what} (default: {default:,})",
        )  # fmt: skip
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the figures there as well (default: print them alone)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate, print a Markdown table."""
    import torch

    from phenaki_viz.checkpoints import open_checkpoint
    from phenaki_viz.data import SHIPPED_MODEL
    from phenaki_viz.evaluation import evaluate, table
    from phenaki_viz.evaluation.judge import Judge
    from phenaki_viz.files import target_of, write_bytes
    from phenaki_viz.models import Phenaki
    from phenaki_viz.training.digits import new_model
    from phenaki_viz.training.recipe import DIGITS

    if options.json:
        target_of(options.json)  # before the work, not after it
    torch.set_num_threads(options.threads)
    path = options.model or SHIPPED_MODEL
    model = open_checkpoint(path).model
    if not isinstance(model, Phenaki) or model.encode_texts is None:
        raise CheckpointError(f"{path.name} is not a whole Phenaki with its own words")
    judge = Judge.trained(model.cvivit, DIGITS.data, options.judge_clips)
    sizes = {"captions": options.captions, "clips": options.clips, "judge": judge}
    trained = evaluate(model, DIGITS.data, **sizes, on_progress=_teller("trained"))
    fresh = new_model(DIGITS).eval()
    untrained = evaluate(fresh, DIGITS.data, **sizes, on_progress=_teller("untrained"))
    if options.json:
        both = {"trained": trained.as_json(), "untrained": untrained.as_json()}
        write_bytes(options.json, json.dumps(both, indent=1).encode())
    print(table(trained, untrained))
    return 0


def _teller(which: str) -> Any:
    def tell(what: str, done: int, of: int) -> None:
        print(f"\r{which}: {what} {done} of {of}   ", end="", file=sys.stderr, flush=True)

    return tell
