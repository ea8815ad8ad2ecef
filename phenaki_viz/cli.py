"""`phenaki-viz`: open the app, or export every head of a dialled model without a browser."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from phenaki_viz.errors import PhenakiVizError

APP = Path(__file__).resolve().parents[1] / "app.py"
DIALS = ("heads", "depth", "dim_head", "dim", "patch", "temporal_patch", "frames", "seed")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 1 with one plain sentence on stderr otherwise."""
    parser = _parser()
    asked = parser.parse_args(argv)
    try:
        return _app(asked) if asked.command == "app" else _export(asked)
    except PhenakiVizError as error:
        print(f"phenaki-viz: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("phenaki-viz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    app = commands.add_parser("app", help="open the attention microscope in the browser")
    app.add_argument("--port", type=int, default=8501)
    export = commands.add_parser("export", help="record a dialled model, write all heads as a ZIP")
    export.add_argument("output", type=Path, help="the ZIP file to write")
    export.add_argument("--clip", type=Path, help="GIF, ZIP of images, .npy, folder or film")
    export.add_argument("--prompt", default="", help="text for cross-attention")
    export.add_argument("--size", type=int, default=64, help="frame size in pixels")
    export.add_argument("--layout", choices=("joint", "factorised"), default="joint")
    export.add_argument("--causal", action="store_true", help="causal attention with ALiBi")
    export.add_argument("--formats", nargs="+", default=["png", "npz"], help="png svg pdf …")
    for dial in DIALS:
        export.add_argument(f"--{dial.replace('_', '-')}", type=int, dest=dial)
    return parser


def _app(asked: argparse.Namespace) -> int:
    """Start Streamlit on this machine only; flags because a config file may not be found."""
    from streamlit.web import cli

    if not APP.is_file():
        raise PhenakiVizError(f"{APP} is not there: run the app from a checkout of the project")
    sys.argv = [
        "streamlit",
        "run",
        str(APP),
        f"--server.port={asked.port}",
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
    ]
    return int(cli.main(standalone_mode=False) or 0)


def _export(asked: argparse.Namespace) -> int:
    from phenaki_viz.data import load_clip, read_prompt, sample_clip
    from phenaki_viz.export import write_archive
    from phenaki_viz.figures.attention_views import all_heads
    from phenaki_viz.models.dial import DialConfig
    from phenaki_viz.recording.dialled import run_dialled

    known = {field.name for field in fields(DialConfig)}
    given = {name: value for name, value in vars(asked).items() if name in known}
    given = {name: value for name, value in given.items() if value is not None}
    config = DialConfig(**given, height=asked.size, width=asked.size, cross=asked.layout == "joint")
    clip = load_clip(asked.clip) if asked.clip else sample_clip()
    run = run_dialled(config, clip, read_prompt(asked.prompt))
    pictures = list(all_heads(run.recording))
    write_archive(asked.output, pictures, asked.formats, on_progress=_tell, total=len(pictures))
    print(f"{asked.output}: {len(pictures)} heads", file=sys.stderr)
    return 0


def _tell(done: int, of: int, name: str) -> None:
    print(f"\r{done} of {of}  {name}   ", end="" if done < of else "\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
