"""What things are called on pictures and in file names: families, tokens, keys."""

import re
from collections.abc import Sequence
from functools import lru_cache

from phenaki_viz.figures.apart import told_apart
from phenaki_viz.figures.picture import Axis
from phenaki_viz.figures.words import quoted
from phenaki_viz.recording import AttentionRecord, Recording
from phenaki_viz.recording.axes import TokenAxis
from phenaki_viz.recording.records import Kind
from phenaki_viz.recording.segments import Words
from phenaki_viz.recording.segments import place_name as place_name

FAMILIES = {"video": "self", "sequence": "self", "frame": "spatial", "patch": "temporal"}


# What is said before the kind of map, by what the stack's name holds.
SIDES = {"enc_": "encoder ", "dec_": "decoder ", "critic": "critic "}


def family(record: AttentionRecord) -> str:
    """'self', 'cross', 'encoder spatial', 'decoder temporal', …: the kind of map, in words."""
    base = "cross" if record.is_cross else FAMILIES[record.places.batch_counts]
    return _side(record.stack) + base


def module_family(module: str, kind: Kind | None = None) -> str:
    """'self', 'cross', … as `family`, from a module's dotted name: it need not have run.

    kind: as it ran; without it a name that ends as those of the MaskGit's cross-attention is cross.
    """
    named = next((base for base in ("spatial", "temporal") if base in module), "")
    kind = kind or ("cross" if module.endswith(".2") else "self")
    return _side(module) + (named if named and kind == "self" else kind)


def listed_head(module: str, stack: str, kind: Kind, layer: int, head: int) -> str:
    """A head in a list of all: 'self L3 H3', 'cross L0 H3 (blocks.1.attn2)'.

    A module that is no layer of a stack is a stack by itself: all of those have one layer, 0.
    """
    alone = f" ({module})" if module == stack else ""
    return f"{module_family(module, kind)} {head_label(layer, head)}{alone}"


def _side(stack: str) -> str:
    return next((said for part, said in SIDES.items() if part in stack), "")


BRANCHES = {
    "conditional": "with the text",
    "unconditional": "without the text",
    "critic, conditional": "critic, with the text",
    "critic, unconditional": "critic, without the text",
}
NOT_IN_FILES = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_STACK = 30  # letters of a stack's name in a file's


def kind_name(recording: Recording, record: AttentionRecord) -> str:
    """The kind of map; with the stack's name, in brackets, where another stack is of that kind."""
    named = family(record)
    stacks = {other.stack for other in recording.whole if family(other) == named}
    return named if len(stacks) < 2 else f"{named} ({record.stack or 'model'})"


def branch_name(branch: str) -> str:
    """A pass of guidance in words; a label of the user's own is itself."""
    return BRANCHES.get(branch, branch)


def labels_name(record: AttentionRecord) -> str:
    """Pass and decoding step of a call, in words: 'with the text · decoding step 3'."""
    said = [branch_name(record.branch)] if record.branch else []
    if record.step is not None:
        said.append(f"decoding step {record.step + 1}")
    return " · ".join(said)


def call_name(recording: Recording, record: AttentionRecord) -> str:
    """Which call of its module this is, in words; empty where there is one.

    'with the text · decoding step 3 · run 2 of 4 · use 1 of 2': runs are those of its transformer
    with the same labels, uses are calls of one module in one run.
    """
    _, _, use, uses = _counts(recording, record)
    said = labels_and_run(recording, record)
    return " · ".join(filter(None, (said, f"use {use} of {uses}" if uses > 1 else "")))


def labels_and_run(recording: Recording, record: AttentionRecord) -> str:
    """Which pass of its stack a call is of, in words, without its use; empty where there is one."""
    number, of, _, _ = _counts(recording, record)
    run = f"run {number} of {of}" if of > 1 else ""
    return " · ".join(filter(None, (labels_name(record), run)))


def _counts(recording: Recording, record: AttentionRecord) -> tuple[int, int, int, int]:
    """Which run of how many, and which use of how many that the layer's name does not tell."""
    one = recording.pass_of(record)
    if one is None:
        return record.forward + 1, 1, record.use + 1, 1
    uses = sorted(
        other.use for other in one.records
        if (other.module, other.layer) == (record.module, record.layer)
    )  # fmt: skip
    return one.number + 1, one.of, uses.index(record.use) + 1, len(uses)


def row_label(record: AttentionRecord, records: Sequence[AttentionRecord]) -> str:
    """'L3', and 'L3 use 2' where one layer has several rows of a picture of all heads."""
    same = [other for other in records if other.layer == record.layer]
    if len(same) < 2:
        return f"L{record.layer}"
    at = next(at for at, other in enumerate(same) if other is record)
    return f"L{record.layer} use {at + 1}"


def grid_names(records: Sequence[AttentionRecord]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Layers and heads of one stack as a grid names its rows and columns."""
    layers = tuple(row_label(record, records) for record in records)
    return layers, tuple(f"H{head}" for head in records[0].heads)


def shared_note(record: AttentionRecord) -> tuple[str, ...]:
    """The line that says that a layer has no weights of its own."""
    if not record.shared:
        return ()
    return (f"one module serves {len(record.shared)} layers: {', '.join(record.shared)}",)


def said_token(axis: TokenAxis, name: str, at: int) -> str:
    """A token within a sentence: “two”, null key 1, time 2, row 0, column 3.

    name: what it is called beside the others. at: its index along the axis.
    """
    if at < axis.nulls:
        return f"null key {at + 1}"
    words = axis.spans(Words)
    is_word = axis.reads_words or any(first <= at < end for first, end in words)
    return quoted(name) if is_word else name


def head_label(layer: int, head: int) -> str:
    """'L3 H5', counted from 0 as in the module names."""
    return f"L{layer} H{head}"


def kind_stem(recording: Recording, record: AttentionRecord) -> str:
    """'cross_with_the_text_step03': the start of the file names of one pass's pictures."""
    named = kind_name(recording, record)[: LONGEST_STACK + len(family(record))]
    number, of, _, _ = _counts(recording, record)
    run = f" run{number:02d}" if of > 1 else ""
    return _as_file(f"{named} {labels_stem(record)}{run}")


def labels_stem(record: AttentionRecord) -> str:
    """Pass and decoding step in a file's name: 'with_the_text_step03', or nothing."""
    step = "" if record.step is None else f" step{record.step + 1:02d}"
    return _as_file(f"{branch_name(record.branch or '')}{step}")


def file_stem(recording: Recording, record: AttentionRecord, head: int, item: int = 0) -> str:
    """'self_L03_H05', 'cross_with_the_text_step03_video02_L00_H01': head is the original index.

    item: the batch item's place in the record.
    """
    _, _, use, uses = _counts(recording, record)
    video, videos = video_of(record, item)
    return _as_file(
        f"{kind_stem(recording, record)}"
        + (f" video{video + 1:02d}" if videos > 1 else "")
        + f" L{record.layer:02d}"
        + (f" use{use}" if uses > 1 else "")
        + f" H{head:02d}"
    )


def _as_file(text: str) -> str:
    return NOT_IN_FILES.sub("_", text).strip("_")


def video_of(record: AttentionRecord, item: int) -> tuple[int, int]:
    """Which video of the batch a recorded item belongs to, from 0, and how many there are."""
    each = record.places.items_per_video
    batch = record.batch or max(record.batch_items) + 1
    return record.batch_items[item] // each, max(1, batch // each)


def video_name(record: AttentionRecord, item: int) -> str:
    """'video 2 of 4'; empty where the batch has one."""
    video, videos = video_of(record, item)
    what = "item" if record.places.batch_counts == "sequence" else "video"
    return f"{what} {video + 1} of {videos}" if videos > 1 else ""


def item_name(record: AttentionRecord, item: int) -> str:
    """Which map of the batch this is, in words; empty when there is one."""
    t, h, w = record.places.place(record.batch_items[item], 0)
    inside = {"frame": f"time {t}", "patch": f"patch row {h}, column {w}"}.get(
        record.places.batch_counts, ""
    )
    return " · ".join(filter(None, (video_name(record, item), inside)))


def query_axis(record: AttentionRecord, item: int) -> Axis:
    """Queries of one batch item, with a boundary before every new time step."""
    return _named("query", record.query_axis(item))


def key_axis(record: AttentionRecord, item: int) -> Axis:
    """Keys of one batch item: the null keys first, then words or tokens; no two names are equal."""
    return _named("key", record.key_axis(item))


@lru_cache(maxsize=16)  # of tens of thousands of tokens, each at every click
def _named(title: str, tokens: TokenAxis) -> Axis:
    names = tuple(tokens.names)
    if tokens.spans(Words):
        names = told_apart(names)
    return Axis(title=title, names=names, breaks=tokens.breaks, groups=tokens.groups)
