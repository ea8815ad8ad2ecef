"""`phenaki-viz link`: what a link to the page can say."""

import argparse
import json
from typing import Any


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "link", help="every parameter of a link to the page: its values, and what it does"
    )
    parser.add_argument(
        "--schema", action="store_true", help="as JSON Schema (default: as tables in Markdown)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print tables, or the schema."""
    from phenaki_viz.ui.state.fields import table
    from phenaki_viz.ui.state.view import SECTIONS, schema

    if options.schema:
        print(json.dumps(schema(), indent=2, ensure_ascii=False))
        return 0
    print("\n\n".join(f"## {title}\n\n{table(fields)}" for title, fields in SECTIONS.items()))
    return 0
