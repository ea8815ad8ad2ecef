"""What things are called on pictures and in file names: families, tokens, keys."""

from functools import lru_cache

from phenaki_viz.figures.apart import told_apart
from phenaki_viz.figures.picture import Axis
from phenaki_viz.recording import AttentionRecord, Places

FAMILIES = {"video": "self", "sequence": "self", "frame": "spatial", "patch": "temporal"}


# What is said before the kind of map, by what the stack's name holds.
SIDES = {"enc_": "encoder ", "dec_": "decoder ", "critic": "critic "}


def family(record: AttentionRecord) -> str:
    """'self', 'cross', 'encoder spatial', 'decoder temporal', …: the kind of map, in words."""
    base = "cross" if record.kind == "cross" else FAMILIES[record.places.batch_counts]
    return _side(record.stack) + base


def module_family(module: str) -> str:
    """The same from a module's dotted name alone, for one that has not run yet."""
    named = next((base for base in ("spatial", "temporal") if base in module), "")
    return _side(module) + (named or ("cross" if module.endswith(".2") else "self"))


def _side(stack: str) -> str:
    return next((said for part, said in SIDES.items() if part in stack), "")


def head_label(layer: int, head: int) -> str:
    """'L3 H5', counted from 0 as in the module names."""
    return f"L{layer} H{head}"


def file_stem(record: AttentionRecord, head: int) -> str:
    """'self_L03_H05', 'decoder_spatial_L00_H01': head is the original index."""
    return f"{family(record).replace(' ', '_')}_L{record.layer:02d}_H{head:02d}"


def place_name(t: int, h: int, w: int) -> str:
    """A patch in words."""
    return f"step {t}, row {h}, column {w}"


def item_name(record: AttentionRecord, item: int) -> str:
    """Which map of the batch this is, in words; empty when there is one a video."""
    places, original = record.places, record.batch_items[item]
    t, h, w = (int(axis[0]) for axis in places.coordinates(original))
    return {"frame": f"frame step {t}", "patch": f"patch row {h}, column {w}"}.get(
        places.batch_counts, ""
    )


def query_axis(record: AttentionRecord, item: int) -> Axis:
    """Queries of one batch item, with a boundary before every new time step."""
    names, breaks, groups = _tokens(record.places, record.batch_items[item])
    return Axis(title="query", names=names, breaks=breaks, groups=groups)


def key_axis(record: AttentionRecord, item: int) -> Axis:
    """Keys of one batch item: the null keys first, then words or tokens; no two names are equal."""
    nulls = record.num_null_kv
    names: tuple[str, ...]
    breaks: tuple[int, ...]
    groups: tuple[str, ...]
    if record.kind == "cross":
        names, breaks, groups = record.words, (), ("text",)
    else:
        names, breaks, groups = _tokens(record.places, record.batch_items[item])
    if nulls and not names:  # an empty prompt: only the nulls are left
        breaks, groups = (), ("null",)
    elif nulls:
        breaks = (nulls, *(at + nulls for at in breaks))
        groups = ("null", *(groups or ("tokens",)))
    names = (*(f"null {at + 1}" for at in range(nulls)), *names)
    if record.kind == "cross":
        names = told_apart(names)
    return Axis(title="key", names=names, breaks=breaks, groups=groups)


@lru_cache(maxsize=16)  # of tens of thousands of tokens, each at every click
def _tokens(places: Places, item: int) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...]]:
    steps, rows, columns = places.coordinates(item)
    names = tuple(place_name(*at) for at in zip(steps, rows, columns, strict=True))
    if places.batch_counts == "sequence":
        return tuple(f"token {at}" for at in range(places.tokens)), (), ()
    if places.batch_counts == "patch":
        return names, (), ()
    new = [at for at in range(1, len(steps)) if steps[at] != steps[at - 1]]
    return names, tuple(new), tuple(f"step {steps[at]}" for at in (0, *new))
