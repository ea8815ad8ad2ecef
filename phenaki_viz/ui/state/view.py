"""What a link can say: every field of the view, its bounds, its text. One table, read by the page
when a link is opened, printed by `phenaki-viz link`, and listed in docs/link.md.

A field that is not in a link stands as its page begins. What a field may be beside its bounds (a
layer that this model has) is its widget's to say.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from phenaki_viz.ui.state.dial_settings import (
    DEPTH,
    HEADS,
    NULLS,
    STEP_PADDING,
    WORD_PADDING,
)
from phenaki_viz.ui.state.fields import (
    ANY,
    LARGEST,
    Field,
    Text,
    Whole,
    decimals,
    groups,
    number,
    pattern,
    whole,
)

# What a widget is given whose value is in the link, under its key, and lasts from page to page.
BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}
EXTENT = (1, 4)  # times the grid the model ran on, of a position bias
IN_SLOT = re.compile("^[a-z]-")  # what `named` of the session puts before a name
KEPT = "kept_"  # and the name of a transformer, with _ for dots
NAMED = "as the page names it"
NUMBER = "whole number"
TRUE = "`true`"
ON_OFF = "true or false"
LOOKED_AT = (
    Field("maps", Text, "a kind of map, " + NAMED, "which stack: self, cross, spatial, temporal"),
    Field(
        "masked_maps", Text, "a kind of map", "Masks: the same there; it begins with a masked one"
    ),
    Field("layer", Whole, NUMBER, "of the stack"),
    Field("head", Whole, NUMBER, "of the layer"),
    Field("step", Whole, NUMBER, "the chosen patch: its time step"),
    Field("row", Whole, NUMBER, "its row"),
    Field("column", Whole, NUMBER, "its column"),
    Field("video", Text, NAMED, "which of a batch"),
    Field("also", groups(3), "`2.1.3_2.1.4`", "further patches: step.row.column, joined by `_`"),
    Field(
        "combine", Literal["sum", "mean"], "`sum`", "several patches are summed; else their mean"
    ),
    Field("direction", Text, "“Where it looks”, “Who looks at it”", "rows of the map or columns"),
    Field("key", Whole, NUMBER, "the key that is marked beside the query"),
    Field("word", Whole, NUMBER, "the key of the text that is looked from; null keys count first"),
    Field("pins", groups(2), "`1.3_2.0`", "pinned heads: layer.head, joined by `_`"),
    Field("alone", bool, TRUE, "the head is looked at alone"),
    Field("view", decimals(4), "`x-y-width-height`", "the zoom of the large map"),
    Field(
        "walk",
        pattern(r"(frames|row|column|all)\.[0-9]{1,2}"),
        "`frames.4`",
        "how the patch walks: `frames`, `row`, `column` or `all`, and cells a second",
    ),
)
DRAWN = (
    Field(
        "law",
        Text,
        "“√”, “Linear”, “Log”, “× uniform”",
        "what colours follow: the last, multiples of the weight of a query that does not choose",
    ),
    Field("end", Text, "“99.5 %”, “Largest”", "where colours end"),
    Field(
        "ends", decimals(2), "`0.001-0.05`", "ends of the colours set by hand on the map's legend"
    ),
    Field("times", decimals(2), "`0.5-8`", "the same, of multiples of uniform"),
    Field("palette", Text, "“Dark”, “Light”", "whether zero is dark or light"),
    Field("scale", Text, "“Per head”, “Shared by all heads”", "whose scale"),
    Field(
        "log", bool, TRUE, "in links of earlier versions: logarithmic colours; read, not written"
    ),
    Field(
        "strip",
        pattern(r"[0-9]{1,3}(-[a-z0-9.]+)*"),
        "`60-x2.5-lines-apart-bare`",
        "the frames: opacity in per cent, contrast, "
        "lines between patches, weights apart, masked patches not hatched",
    ),
    Field(
        "grid",
        Text,
        "“the maps”, “over the frames”, or a metric's title",
        "what the grid of heads shows",
    ),
    Field("word_grid", Text, "the same", "what it shows of heads that read a text"),
    Field(
        "slim",
        Text,
        "“Maps”, “Loss when off”",
        "the line of heads on other pages: after What if measured what each is worth",
    ),
    Field(
        "order", Text, "“By layer”, “Highest first”, “Lowest first”", "how heads are sorted by it"
    ),
    Field("least", ANY, "number", "heads at or above this alone"),
    Field("most", ANY, "number", "heads at or below this alone"),
    Field(
        "top",
        whole(10, 100),
        NUMBER,
        "the smallest set of keys that holds so many per cent of each row",
    ),
    Field("sinks", Text, "“Shown”, “Off”, “Off, nulls too”", "keys that every query reads"),
    Field("all_words", bool, ON_OFF, "Text: one colour scale for all words"),
    Field("bias_of", Text, NAMED, "Position: whose position bias"),
    Field("extent", whole(*EXTENT), NUMBER, "Position: multiples of the grid the model ran on"),
    Field("dt", whole(-LARGEST, LARGEST), NUMBER, "Position: Δt, query − key"),
    Field("bias_ends", Text, "“This Δt”, “All Δt”", "Position: where the bias's colours end"),
    Field("distance", whole(1, LARGEST), NUMBER, "Position: tokens shown"),
)
REQUEST = (
    Field("source", Text, "“Trained”, “Dial”, “Your own”", "whose weights"),
    Field(
        "file",
        Text,
        "a file's name",
        "which file was open: never where it lies, and nothing is opened by it",
    ),
    Field("film", Text, "a clip's title", "of the trained model and your own"),
    Field("clip", Text, "a clip's title", "of the dial"),
    Field("start", Whole, NUMBER, "the first frame that is taken"),
    Field("every", whole(1, LARGEST), NUMBER, "every how many-th frame is taken"),
    Field("crop_x", whole(0, 100), NUMBER, "where the clip is cropped, from the left"),
    Field("crop_y", whole(0, 100), NUMBER, "where the clip is cropped, from the top"),
    Field("say", Text, "text", "what the trained model or your own is told"),
    Field("prompt", Text, "text", "what the dialled model is told"),
    Field("against", Text, "text", "Text: the second text"),
    Field("masked", whole(0, 100), NUMBER, "how many tokens are masked, in per cent"),
    Field("mask_seed", Whole, NUMBER, "which tokens are masked"),
    Field("off", Text, "as the page names heads", "heads that are switched off", several=True),
    Field("storage", Text, "“Automatic”, “Dense”, “Factored”", "how maps are kept"),
)
DIAL = (
    Field("layout", Text, "“MaskGit”, “C-ViViT”", "which tokens see each other"),
    Field("heads", whole(*HEADS), NUMBER, "of the transformer"),
    Field("depth", whole(*DEPTH), NUMBER, "its layers"),
    Field("dim", Whole, "one of those offered", "model width"),
    Field("dim_head", Whole, "one of those offered", "head width"),
    Field("position_bias", bool, ON_OFF, "a continuous position bias"),
    Field("causal", bool, ON_OFF, "a causal mask, with ALiBi"),
    Field("peg", bool, ON_OFF, "PEG convolutions"),
    Field("peg_causal", bool, ON_OFF, "which look back in time alone"),
    Field("peg_rearranged", bool, ON_OFF, "and are laid out by time, not as published"),
    Field("cross", bool, ON_OFF, "cross-attention to the text"),
    Field("null_kv", whole(*NULLS), NUMBER, "null key/values"),
    Field("word_padding", whole(*WORD_PADDING), NUMBER, "padded words, hidden by a mask"),
    Field("step_padding", whole(*STEP_PADDING), NUMBER, "padded time steps, hidden by a mask"),
    Field("size", Whole, "one of those offered", "of the clip, pixels"),
    Field("patch", Whole, "one of those offered", "of a token, pixels"),
    Field("temporal_patch", Whole, "one of those offered", "of a token, frames"),
    Field("frames", Whole, "one of those offered", "of the clip"),
    Field("seed", Whole, NUMBER, "of the weights"),
)
PAGES = (
    Field("inside_of", Text, "“Weight”, “weight × ‖v W_O‖”", "Inside a head: what its map is of"),
    Field("inside_if", Text, NAMED, "Inside a head: the counterfactual map beside it"),
    Field("inside_dims", bool, ON_OFF, "Inside a head: the content, dimension by dimension"),
    Field(
        "guidance", number(0, 10), "number", "Sampling: how much what the text adds is exaggerated"
    ),
    Field("decoding", whole(1, 48), NUMBER, "Sampling: decoding steps"),
    Field("temperature", number(0, 4), "number", "Sampling: chance in the choice of codes"),
    Field("sample_seed", Whole, NUMBER, "Sampling: of every choice"),
    Field("priming", Whole, NUMBER, "Sampling: frames of the clip that come before"),
    Field(
        "branch", Text, "“With the text”, “Without the text”, …", "Sampling: which pass of guidance"
    ),
    Field(
        "heads_only",
        Text,
        "a name of heads",
        "Heads: those that have one of these names alone",
        several=True,
    ),
    Field("heads_all", bool, ON_OFF, "Heads: every column of the table"),
    Field("heads_clips", whole(2, 13), NUMBER, "Heads: how many clips “Over … clips” takes"),
    Field(
        "heads_picture",
        Text,
        "“Where they look”, “How alike they are”",
        "Heads: the picture beside the table",
    ),
    Field("tracks_way", Text, "“Where it looks”, “Who looks at it”", "Tracks: of a patch"),
    Field("tracks", groups(2), "`1.3_2.0`", "Tracks: the heads: layer.head, joined by `_`"),
    Field("path", groups(3), "`0.2.1_1.2.2`", "the true path as it was marked: step.row.column"),
    Field("weighed", Text, "`self L3 H3`", "What if: the head that is weighed; others stay on"),
    Field("effect_clips", whole(1, 13), NUMBER, "What if: clips"),
    Field("effect_masks", whole(1, 8), NUMBER, "What if: masks of each clip"),
    Field("effect_hidden", whole(10, 100), NUMBER, "What if: tokens that are hidden, in per cent"),
    Field("effect_of", Text, "“Heads”, “Layers”", "What if: what is switched off in turn"),
    Field("whatif_seed", Whole, NUMBER, "What if: of every choice in the generated clips"),
    Field(
        "changes",
        Text,
        "a JSON list of interventions",
        "What if: what is changed beside heads off and layers cut; it holds on every page",
    ),
    Field(
        "worth_of",
        Text,
        "“Self”, “Cross”",
        "What if: of which heads it is said what predicts their worth",
    ),
    Field("train_steps", whole(10, 20_000), NUMBER, "Train: training steps"),
    Field("train_batch", whole(1, 64), NUMBER, "Train: clips in each"),
    Field("train_rate", Text, "one of those offered", "Train: learning rate"),
)
COMPARE = (
    Field(
        "with",
        Text,
        "“With another prompt”, “With another clip”, “With another seed”, “With heads off”, “Two "
        "decoding steps”, “With another step or pass”, “With a training step”, “With a file”",
        "what is another in B; a file itself is not in the link",
    ),
    Field("with_say", Text, "text", "B's prompt"),
    Field("with_clip", Text, "a clip's title", "B's clip"),
    Field("with_seed", Whole, NUMBER, "of B's masked tokens, or a dialled model's weights"),
    Field("with_off", Text, "as the page names heads", "heads off in B", several=True),
    Field("with_from", Text, "“decoding step 1”, …", "A's decoding step of a sampled video"),
    Field("with_to", Text, "“decoding step 1”, …", "B's decoding step of it"),
    Field("with_pass", Text, NAMED, "another pass of the recording"),
    Field("with_step", Text, NAMED, "training step of B"),
    Field("by_place", bool, ON_OFF, "texts with other words: word on word, or not laid at all"),
    Field("follow", bool, "`false`", "the head of `layer` and `head`, not the one that moved most"),
)
FIGURE = (
    Field(
        "figure_panels",
        Text,
        "text, a line a panel",
        "“self L1 H3”, “cross grid”, “cross L2 H0 word 3”, “self L1 H3 patch 2,1,4”, "
        "“self L1 H3 track 2,1,4”, “cross grid word 3 patch 2,1,4”",
    ),
    Field(
        "figure_width",
        Text,
        "“single, 84 mm”, “double, 174 mm”, “slide, 254 mm”, “your own”",
        "width",
    ),
    Field("figure_mm", number(20, 1000), "number", "your own width, in millimetres"),
    Field("figure_columns", whole(1, 8), NUMBER, "panels in a row"),
    Field("figure_type", Text, "“sans”, “serif”, “computer modern”", "typeface"),
    Field("figure_points", number(3, 36), "number", "its size in points"),
    Field("figure_letters", bool, ON_OFF, "a, b, c at the panels"),
    Field("figure_words", bool, ON_OFF, "titles in the figure"),
    Field("figure_law", Text, NAMED, "what colours follow"),
    Field("figure_palette", Text, "one of those offered", "their table"),
    Field("figure_own", bool, ON_OFF, "each panel has its own scale"),
    Field("figure_dark", bool, ON_OFF, "dark ground"),
    Field("figure_clear", bool, ON_OFF, "no ground"),
)


def grid_choice(reads_words: bool) -> str:
    """What is chosen of the grid of heads: those that read a text begin elsewhere."""
    return "word_grid" if reads_words else "grid"


SECTIONS: Mapping[str, tuple[Field, ...]] = {
    "What is looked at": LOOKED_AT,
    "How it is drawn": DRAWN,
    "Which model, clip and text": REQUEST,
    "The dial": DIAL,
    "Sampling, Inside a head, Heads, Tracks, What if and Train": PAGES,
    "Compare": COMPARE,
    "Figure": FIGURE,
}
FIELDS: Mapping[str, Field] = {field.name: field for part in SECTIONS.values() for field in part}
_KINDS: Mapping[str, Any] = {
    name: tuple.__class_getitem__((field.kind, ...)) if field.several else field.kind
    for name, field in FIELDS.items()
}
View = msgspec.defstruct(
    "View",
    [(name, kind | None, None) for name, kind in _KINDS.items()],
    kw_only=True,
    frozen=True,
    omit_defaults=True,
)
View.__doc__ = "The view that a link shows: every field that it gives, None for the others."


def field_of(name: str) -> Field | None:
    """What a parameter is of, in whichever slot: `layer`, and `b-layer` of the second of two."""
    return FIELDS.get(name) or FIELDS.get(IN_SLOT.sub("", name))


def unread(link: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of the parameters whose values are none of theirs; what is no field is left alone."""
    fields = {name: field_of(name) for name in link}
    return [name for name, field in fields.items() if field and not field.reads(link[name])]


def view_of(link: Mapping[str, Sequence[str]], slot: str = "") -> Any:
    """The `View` of a link. Raises msgspec.ValidationError where `unread` names a parameter.

    slot: of which of two stages on one page, see `Stage`.
    """
    begins = f"{slot}-" if slot else ""
    given = {
        name: list(texts) if FIELDS[name].several else texts[-1]
        for name in FIELDS
        if (texts := link.get(begins + name))
    }
    return msgspec.convert(given, View, strict=False)


def schema() -> dict[str, Any]:
    """JSON Schema of the `View`; `kept_…`, of any transformer, beside its properties."""
    found = msgspec.json.schema(View)
    properties = found["$defs"]["View"]["properties"]
    for name, field in FIELDS.items():
        properties[name]["description"] = field.what
    found["$defs"]["View"]["patternProperties"] = {f"^{KEPT}": {"type": "integer", "minimum": 0}}
    return found
