"""The commands of `phenaki-viz`, in the order in which it names them."""

from phenaki_viz.cli import (
    app,
    atlas,
    compare,
    evaluate,
    export,
    figure,
    heads,
    inspect,
    link,
    open,
    record,
    sweep,
    tracks,
    train,
)

COMMANDS = (
    app, open, record, export, figure, inspect, heads, atlas, tracks, compare, sweep, train,
    evaluate, link,
)  # fmt: skip
