"""`phenaki-viz app`: open the attention microscope in the browser."""

import argparse
import sys
from typing import Any

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.home import APP

HOSTS = ("127.0.0.1", "localhost")


def add(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("app", help="open the attention microscope in the browser")
    parser.add_argument("--port", type=int, default=8501, help="on this machine (default: 8501)")
    add_hosts(parser)
    parser.set_defaults(run=run)


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets a page be reached by another name than localhost."""
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that the page may be reached by, as through a proxy on this machine; "
        "can be given again (default: 127.0.0.1 and localhost)",
    )


def run(options: argparse.Namespace) -> int:
    """Start Streamlit on this machine only; flags because a config file may not be found."""
    import click
    from streamlit.web import cli

    if not APP.is_file():
        raise PhenakiVizError(f"{APP} is not there: install the project again")
    sys.argv = [
        "streamlit",
        "run",
        str(APP),
        f"--server.port={options.port}",
        "--server.address=127.0.0.1",
        *(f"--server.allowedHosts={name}" for name in (*HOSTS, *options.allow_host)),
        "--browser.gatherUsageStats=false",
    ]
    try:
        return int(cli.main(standalone_mode=False) or 0)
    except click.Abort as error:  # what it makes of Ctrl-C
        raise KeyboardInterrupt from error
