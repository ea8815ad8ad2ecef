"""`phenaki-viz atlas`: what every head does, and is worth, over thousands of clips."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phenaki_viz.cli.options import (
    add_kind,
    add_stack,
    at_least,
    correction,
    file_name,
    file_path,
    share,
)
from phenaki_viz.errors import ConfigError
from phenaki_viz.nouns import counted

if TYPE_CHECKING:
    from phenaki_viz.atlas.job import Settings
    from phenaki_viz.atlas.making import Plan, Progress, Report

TRAINED = "trained"
ENGINES = ("serial", "processes", "ray")
MASKS = 2
SHOWN = 10  # failures that are printed


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "atlas",
        help="head statistics over thousands of clips, in files that merge",
        description="Show every clip to a model, measure every attention head, and write a row a "
        "clip and head: a parquet file for every few clips, in one folder. What is there already "
        "is not made again, so a run that was stopped goes on where it was. A clip that fails is a "
        "row with its error, which --retry tries again. `phenaki-viz heads DIR` and the page Heads "
        "open the folder.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "clips", nargs="*", metavar="CLIPS",
        help="clips, folders of clips, or generated:COUNT?seed=0&first=0 for moving digits that no "
        "file holds; of two.gif, two.txt says what it shows",
    )  # fmt: skip
    parser.add_argument(
        "--list", type=Path, action="append", default=[], metavar="FILE",
        help="a file with a clip a line, and behind a tab what it shows; can be given again",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=file_path, required=True, metavar="DIR", help="folder of the parts"
    )
    parser.add_argument(
        "--retry", action="store_true",
        help="make the parts anew in which clips of these names failed (default: what failed stays "
        "as it is)",
    )  # fmt: skip
    _add_model(parser)
    _add_engine(parser)
    parser.set_defaults(run=run)


def _add_model(parser: argparse.ArgumentParser) -> None:
    """What is measured."""
    group = parser.add_argument_group("what is measured")
    group.add_argument(
        "--weights", type=file_name, metavar="FILE", default=TRAINED,
        help="a checkpoint (default: trained, the model that comes with the project)",
    )  # fmt: skip
    group.add_argument(
        "--set", type=correction, action="append", metavar="NAME=VALUE",
        help="correct a setting that the file does not fix; can be given again (default: what is "
        "assumed)",
    )  # fmt: skip
    group.add_argument(
        "--masked", type=share, default=0.5, metavar="SHARE",
        help="share of the tokens that MaskGit has to fill in (default: 0.5)",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=at_least(0), default=0, metavar="N", help="of the masks (default: 0)"
    )
    group.add_argument(
        "--frames", type=at_least(1), metavar="N",
        help="of every clip (default: all that model and clip allow)",
    )  # fmt: skip
    group.add_argument(
        "--stride", type=at_least(1), default=1, metavar="N",
        help="of a file, take every N-th frame (default: 1)",
    )  # fmt: skip
    group.add_argument(
        "--axes",
        help="order of the axes of arrays, letters of b c f h w, such as 'f h w c' (default: by "
        "their shape, where that leaves no doubt)",
    )
    add_kind(group)
    add_stack(group, named="as maskgit.transformer")
    group.add_argument(
        "--measures", metavar="NAMES",
        help="columns that are kept, as entropy,own_step,follows (default: all); what heads are "
        "named by is kept in any case",
    )  # fmt: skip
    group.add_argument(
        "--sweep", action="store_true",
        help="also switch every head of the MaskGit off in turn, and measure the rise of the loss",
    )  # fmt: skip
    group.add_argument(
        "--masks", type=at_least(1), metavar="N",
        help=f"with --sweep: masks of each clip (default: {MASKS})",
    )  # fmt: skip
    group.add_argument(
        "--sweep-masked", type=share, metavar="SHARE",
        help="with --sweep: share of the tokens that are hidden (default: 0.9)",
    )  # fmt: skip


def _add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the engine, its workers and the size of a part."""
    group = parser.add_argument_group("who measures; the rows are the same to the last bit")
    group.add_argument(
        "--engine", choices=ENGINES, default="serial",
        help="this process, processes of this machine (from some hundred clips on), or a Ray "
        "cluster (pip install 'phenaki-viz[ray]') (default: serial)",
    )  # fmt: skip
    group.add_argument(
        "--address", metavar="ADDRESS",
        help="of a Ray cluster, as ray.init takes it (default: one is begun on this machine)",
    )  # fmt: skip
    group.add_argument(
        "--workers", type=at_least(1), metavar="N",
        help="processes or actors, each with a model of its own (default: one a processor)",
    )  # fmt: skip
    group.add_argument(
        "--part", type=at_least(1), default=16, metavar="N",
        help="clips in a file, all of which a killed worker does again (default: 16)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Plan, make, report; 0 when every part is there and some clip could be measured."""
    from phenaki_viz.atlas.engines import engine_of
    from phenaki_viz.atlas.making import make_atlas, plan
    from phenaki_viz.atlas.sources import clips_of

    engine = engine_of(options.engine, options.address)
    if options.engine == "serial" and options.workers not in (None, 1):
        raise ConfigError(f"--workers {options.workers}: serial is one; give --engine processes")
    settings, weights = _settings(options)
    clips = clips_of(options.clips, options.list)
    job = _job(settings, weights, options.out)
    planned = plan(job, clips, options.part, retry=options.retry)
    workers = min(_workers(options), max(1, len(planned.parts)))
    _say_plan(planned, len(clips), workers)
    try:
        report = make_atlas(planned, engine, workers, _tell)
    finally:
        if planned.parts:
            print(file=sys.stderr)  # ends the line of the progress
    _say_failed(report)
    measured = _say_all(planned, report, options.out)
    return 1 if report.lost or not measured else 0


def _settings(options: argparse.Namespace) -> "tuple[Settings, Path]":
    """What is measured, with the digest of the weights; and where they are."""
    from phenaki_viz.atlas.job import Settings
    from phenaki_viz.atlas.making import settings_for
    from phenaki_viz.data import SHIPPED_MODEL

    if not options.sweep and (options.masks is not None or options.sweep_masked is not None):
        raise ConfigError("--masks and --sweep-masked are of the sweep: give --sweep as well")
    path = SHIPPED_MODEL if options.weights == TRAINED else Path(options.weights).expanduser()
    settings = Settings(
        weights_digest="",
        corrections=tuple(options.set or ()),
        share=options.masked,
        seed=options.seed,
        frames=options.frames,
        axes=options.axes,
        stride=options.stride,
        kind=options.kind,
        stack=options.stack,
        measures=_measures(options.measures),
        masks=(options.masks or MASKS) if options.sweep else 0,
        sweep_share=0.9 if options.sweep_masked is None else options.sweep_masked,
    )
    return settings_for(path, settings), path


def _measures(text: str | None) -> tuple[str, ...]:
    """The columns that were named, in the order of the table. Unknown ones stand last."""
    from phenaki_viz.analysis.head_columns import COLUMNS

    named = {one.strip() for one in (text or "").split(",")} - {""}
    if text is not None and not named:
        raise ConfigError(f"--measures names none: choose of {', '.join(COLUMNS)}")
    return (*(one for one in COLUMNS if one in named), *sorted(named - set(COLUMNS)))


def _job(settings: "Settings", weights: Path, out: Path) -> Any:
    from phenaki_viz.atlas.job import Job

    whole = out.expanduser().absolute()
    return Job(weights=str(weights.absolute()), settings=settings, out=str(whole))


def _workers(options: argparse.Namespace) -> int:
    import os

    if options.engine == "serial":
        return 1
    return int(options.workers or os.cpu_count() or 1)


def _say_plan(planned: "Plan", clips: int, workers: int) -> None:
    there = clips - planned.clips
    line = counted(clips, "clip") + (f", {there:,} of them there already" if there else "")
    parts = f"{counted(len(planned.parts), 'part')} to make with {counted(workers, 'worker')}"
    print(f"{line}; {parts}", file=sys.stderr)


def _tell(progress: "Progress") -> None:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    line = f"{progress.clips:,} of {progress.of:,} clips{failed}"
    if progress.clips:
        line += f", {progress.rate:.2g} a second, about {_spoken(progress.left)} left"
    print(f"\r{line}   ", end="", file=sys.stderr, flush=True)


def _spoken(seconds: float) -> str:
    """'40 s', '12 min', '3.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _say_failed(report: "Report") -> None:
    """Clips and parts that could not be had, with the reason."""
    from phenaki_viz.files import shown

    if report.progress.failed:
        count = report.progress.failed
        print(f"{count:,} clip{'' if count == 1 else 's'} could not be measured:")
    for name, why in report.errors[:SHOWN]:
        print(f"  {shown(name)}: {shown(why, 200)}")
    if report.progress.failed > SHOWN:
        print(f"  … and {report.progress.failed - SHOWN:,} more, as the column `error` says")
    for part, why in report.lost:
        print(f"{part} was not made: {shown(why, 200)}. Run the command again, which tries it anew")


def _say_all(planned: "Plan", report: "Report", out: Path) -> int:
    """What is in the folder now; how many clips could be measured, of those of now and before."""
    there = planned.there
    clips = sum(len(header.clips) for header in there) + report.progress.clips
    before = sum(header.failed for header in there)
    failed = before + report.progress.failed
    clips -= sum(len(part.clips) for part in planned.parts if part.name in dict(report.lost))
    parts = len(there) + len(planned.parts) - len(report.lost)
    done = f"{counted(clips - failed, 'clip')} measured, {failed:,} failed"
    print(f"{done}, in {counted(parts, 'part')}: {out}")
    if before:
        print(f"{before:,} of them failed before: --retry tries them again")
    return clips - failed
