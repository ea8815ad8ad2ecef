"""`phenaki-viz figure`: several pictures of a recording as one figure for a paper."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from phenaki_viz.cli.export import LAWS
from phenaki_viz.cli.options import at_least, format_of
from phenaki_viz.errors import ConfigError

if TYPE_CHECKING:
    from phenaki_viz.figures.recipe import Recipe
    from phenaki_viz.runs.run import Run

TYPEFACES = ("sans", "serif", "computer modern")
TABLES = ("magma_r", "magma", "viridis", "cividis")


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "figure",
        help="several pictures of a recording as one figure for a paper",
        description="Put pictures of a recording side by side, in millimetres and points, with "
        "real text in SVG and PDF. The caption is printed. Every file holds its recipe: give the "
        "file to --recipe, and the figure is made again, from this recording or another.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "output",
        type=Path,
        help="where to: .svg, .pdf, .png, or .pgf for LaTeX, which has its images beside it",
    )
    parser.add_argument(
        "--from", dest="recording", type=Path, metavar="FILE", required=True,
        help="a recording of `phenaki-viz record`, or one that was saved from Python or the page",
    )  # fmt: skip
    parser.add_argument(
        "--panel",
        action="append",
        metavar="WORDS",
        help="“self L1 H3” (a map), “cross grid” (all heads), “cross L2 H0 word 3” (who reads a "
        "key of the text), “self L1 H3 patch 2,1,4” (where a patch looks), “self L2 H2 L1 H0 track "
        "2,1,4” (what it looks at most in every time step, of up to 5 heads), “cross grid word 3 "
        "patch 2,1,4” and “self grid patch 2,1,4” (who reads the key, and where the patch looks, "
        "of all heads at that time); given once for each panel, in reading order",
    )
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE",
        help="JSON, or a figure made by this command: instead of --panel and all that follows",
    )  # fmt: skip
    _add_looks(parser)
    parser.set_defaults(run=run)


def _add_looks(parser: Any) -> None:
    add = parser.add_argument
    add("--columns", type=at_least(1), metavar="N", help="panels in a row (default: up to 3)")
    add("--width", metavar="MM", help="millimetres, or single (84), double (174), slide (254) "
        "(default: single)")  # fmt: skip
    add("--points", type=float, metavar="PT", help="size of the type (default: 7)")
    add("--typeface", choices=TYPEFACES, help="(default: sans)")
    add("--colours", choices=LAWS, help="what colours follow (default: sqrt)")
    add("--palette", choices=TABLES, help="(default: magma, on a light ground from its light end)")
    add("--own-scales", action="store_true", help="each panel its own colour scale and bar "
        "(default: one for all)")  # fmt: skip
    add("--up-to-largest", action="store_true", help="colours end at the largest weight (default: "
        "at the 99.5th percentile)")  # fmt: skip
    add("--words-in", action="store_true", help="titles in the figure (default: in the caption)")
    add("--no-letters", action="store_true", help="no a, b, c at the panels (default: with them)")
    add("--dark", action="store_true", help="on a dark ground (default: light)")
    add("--transparent", action="store_true", help="without a ground (default: with it)")
    add("--dpi", type=at_least(1), metavar="N", help="of PNG (default: 600)")
    add("--caption", type=Path, metavar="FILE", help="write it there, for LaTeX if it ends in "
        ".tex (default: printed)")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Open, compose, write."""
    from phenaki_viz.export.formats import FIGURE_ENDINGS
    from phenaki_viz.export.in_hand import FigureInHand
    from phenaki_viz.figures.composed import compose
    from phenaki_viz.files import target_of, write_bytes
    from phenaki_viz.runs.files import open_recording

    format_of(options.output, FIGURE_ENDINGS, "of a figure")
    recipe = _recipe(options)
    for path in filter(None, (options.output, options.caption)):
        target_of(path)  # before the work, not after it
    composed = compose(cast("Run", open_recording(options.recording)), recipe)
    FigureInHand(composed).save(options.output)
    count = len(composed.panels)
    print(f"{options.output}: {count} panel{'s' * (count > 1)}", file=sys.stderr)
    if options.caption is None:
        print(composed.caption)
        return 0
    tex = options.caption.suffix.lower() == ".tex"
    write_bytes(options.caption, f"{composed.tex_caption if tex else composed.caption}\n".encode())
    return 0


def _recipe(options: argparse.Namespace) -> "Recipe":
    from phenaki_viz.figures.recipe import panel_said, recipe_of

    looks = _looks(options)
    if options.recipe is not None:
        for name in ("panel", *looks):
            if name in looks or getattr(options, name) is not None:
                raise ConfigError(f"{name} is in the recipe: give --recipe or the options")
        return _read(options.recipe)
    if not options.panel:
        raise ConfigError("a figure of what? Say --panel 'self L1 H3', or --recipe FILE")
    return recipe_of({"panels": [panel_said(words) for words in options.panel], **looks})


def _looks(options: argparse.Namespace) -> dict[str, Any]:
    """What is not as by default."""
    from phenaki_viz.figures.recipe import WIDTHS

    looks = {name: getattr(options, name) for name in ("columns", "points", "typeface", "colours",
                                                     "palette", "dpi")}  # fmt: skip
    if options.width is not None:
        try:
            looks["width"] = WIDTHS.get(options.width) or float(options.width)
        except ValueError as error:
            raise ConfigError(
                f"--width {options.width}: give millimetres, or single, double or slide"
            ) from error
    looks |= {
        "shared": False if options.own_scales else None,
        "up_to_largest": options.up_to_largest or None,
        "words": "in" if options.words_in else None,
        "letters": False if options.no_letters else None,
        "theme": "dark" if options.dark else None,
        "transparent": options.transparent or None,
    }
    return {name: value for name, value in looks.items() if value is not None}


def _read(path: Path) -> "Recipe":
    """The recipe in a JSON file, or in a figure that was made by one."""
    from phenaki_viz.export.provenance import read_provenance
    from phenaki_viz.figures.recipe import read_recipe, recipe_of
    from phenaki_viz.files import open_file

    with open_file(path) as file:
        content = file.read()
    if content.lstrip()[:1] == b"{":
        return read_recipe(content)
    provenance = read_provenance(content)
    if "recipe" not in provenance:
        raise ConfigError(f"{path.name} is a picture of one panel, not a figure with a recipe")
    return recipe_of(provenance["recipe"])
