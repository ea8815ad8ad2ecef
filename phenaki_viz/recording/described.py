"""A recording in a few lines: what its `repr` says, and a notebook shows of it."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from phenaki_viz.recording.records import AttentionRecord
from phenaki_viz.recording.storage import size_text

if TYPE_CHECKING:
    from phenaki_viz.recording.recording import Recording

COLUMNS = (
    "stack", "kind", "layers × heads", "tokens", "calls", "storage", "bytes", "verified",
)  # fmt: skip
MOST_ROWS = 12
CELL = "style='padding:0.15em 0.8em 0.15em 0;text-align:left;vertical-align:top'"
ROW = "style='background:transparent'"  # a notebook's stripes may not go with its own text colour


def described(recording: "Recording") -> str:
    """A line on the whole, a table with a row for each stack and kind, and what was missed."""
    head, rows, more = _parts(recording)
    return "\n".join((head, *_table(rows), *more))


def as_html(recording: "Recording") -> str:
    """What `described` says, as HTML for a notebook: escaped, colours inherited, no script."""
    head, rows, more = _parts(recording)
    lines = [f"<div style='color:inherit'><p>{escape(head)}</p>"]
    if rows:
        cells = ["".join(f"<th scope='col' {CELL}>{escape(name)}</th>" for name in rows[0])]
        cells += ["".join(f"<td {CELL}>{escape(cell)}</td>" for cell in row) for row in rows[1:]]
        whole = "".join(f"<tr {ROW}>{row}</tr>" for row in cells)
        lines.append(f"<table style='border-collapse:collapse'>{whole}</table>")
    lines += [f"<p>{escape(line)}</p>" for line in more]
    return "\n".join((*lines, "</div>"))


def _parts(recording: "Recording") -> tuple[str, list[tuple[str, ...]], list[str]]:
    """The line on the whole; the rows of the table, its heads first; the lines after it."""
    model = recording.provenance.get("model", "a model")
    count = len(recording)
    plural = "" if count == 1 else "s"
    head = f"Recording of {model}: {count} call{plural}, {size_text(recording.nbytes)}"
    if recording.recomputed:
        head += f"; {recording.recomputed} recomputed for gradients, not counted"
    groups: dict[tuple[str, str], list[AttentionRecord]] = {}
    for record in recording:
        groups.setdefault((record.stack, record.kind), []).append(record)
    rows = [_row(*key, group) for key, group in groups.items()]
    more = [f"… and {len(rows) - MOST_ROWS} more stacks"] if len(rows) > MOST_ROWS else []
    labels = _labels(recording)
    more += [labels] if labels else []
    if any(record.map.storage == "factored" for record in recording):
        more.append(f"factored: {recording.storage.why_factored}")
    return head, [COLUMNS, *rows[:MOST_ROWS]] if rows else [], [*more, *recording.missed]


def _row(stack: str, kind: str, group: Sequence[AttentionRecord]) -> tuple[str, ...]:
    layers = len({(record.layer, record.use) for record in group})
    heads = _each(str(len(record.heads)) for record in group)
    tokens = _each(f"{record.map.shape[2]} → {record.map.shape[3]}" for record in group)
    errors = [
        record.verification.max_abs_error
        for record in group
        if record.verification and record.verification.max_abs_error is not None
    ]
    worst = max(errors, default=0.0)
    known = f"within {worst:.0e}" if worst else "exactly"
    unchecked = len(group) - len(errors)
    said = "not checked" if not errors else known + (f", {unchecked} not" if unchecked else "")
    failed = sum(record.failed for record in group)
    said = f"CHECK FAILED for {failed} of {len(group)}" if failed else said
    return (
        stack or "(model)", kind, f"{layers} × {heads}", tokens, str(len(group)),
        _each(record.map.storage for record in group),
        size_text(sum(record.map.nbytes for record in group)), said,
    )  # fmt: skip


def _each(values: object) -> str:
    return ", ".join(dict.fromkeys(values))  # type: ignore[call-overload]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _labels(recording: "Recording") -> str:
    steps = sorted({record.step for record in recording if record.step is not None})
    branches = dict.fromkeys(record.branch for record in recording if record.branch)
    said = []
    if steps:
        said.append(f"steps {steps[0]} to {steps[-1]}" if len(steps) > 1 else f"step {steps[0]}")
    if branches:
        said.append("branches " + ", ".join(map(repr, branches)))
    return "; ".join(said)
