"""A recording in a few lines: what its `repr` says."""

from collections.abc import Sequence

from phenaki_viz.recording.records import AttentionRecord, Recording

COLUMNS = (
    "stack", "kind", "layers × heads", "tokens", "calls", "storage", "bytes", "verified",
)  # fmt: skip
MOST_ROWS = 12


def described(recording: Recording) -> str:
    """A line on the whole, a table with a row for each stack and kind, and what was missed."""
    model = recording.made_by.get("model", "a model")
    count = len(recording)
    plural = "" if count == 1 else "s"
    lines = [f"Recording of {model}: {count} call{plural}, {_size(recording.nbytes)}"]
    if recording.recomputed:
        lines[0] += f"; {recording.recomputed} recomputed for gradients, not counted"
    groups: dict[tuple[str, str], list[AttentionRecord]] = {}
    for record in recording:
        groups.setdefault((record.stack, record.kind), []).append(record)
    rows = [COLUMNS, *(_row(*key, group) for key, group in groups.items())]
    if groups:
        lines += _table(rows[: MOST_ROWS + 1])
    if len(rows) > MOST_ROWS + 1:
        lines.append(f"… and {len(rows) - MOST_ROWS - 1} more stacks")
    labels = _labels(recording)
    if labels:
        lines.append(labels)
    return "\n".join((*lines, *recording.missed))


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
    return (
        stack or "(model)", kind, f"{layers} × {heads}", tokens, str(len(group)),
        _each(record.map.held for record in group),
        _size(sum(record.map.nbytes for record in group)), said,
    )  # fmt: skip


def _each(values: object) -> str:
    return ", ".join(dict.fromkeys(values))  # type: ignore[call-overload]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _labels(recording: Recording) -> str:
    steps = sorted({record.step for record in recording if record.step is not None})
    branches = dict.fromkeys(record.branch for record in recording if record.branch)
    said = []
    if steps:
        said.append(f"steps {steps[0]} to {steps[-1]}" if len(steps) > 1 else f"step {steps[0]}")
    if branches:
        said.append("branches " + ", ".join(map(repr, branches)))
    return "; ".join(said)


def _size(size: int) -> str:
    for unit, many in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= many:
            return f"{size / many:,.1f} {unit}"
    return f"{size} bytes"
