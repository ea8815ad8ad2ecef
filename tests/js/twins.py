"""What the Python twins of the browser's modules say, for `node --test` to compare with.

    python -m tests.js.twins

writes twins.json anew. NaN is null there, infinity "inf".
"""

import base64
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from phenaki_viz.analysis.overlay import combined
from phenaki_viz.analysis.top_mass import row_ranks
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.browser.axes import MapAxis, axis_of
from phenaki_viz.browser.file_page import lettered
from phenaki_viz.browser.film import film_name, small_frames
from phenaki_viz.browser.map_message import MapPicture, MapView, map_message
from phenaki_viz.browser.packing import pack
from phenaki_viz.browser.pinned_heads import SCOPE, drawn_as
from phenaki_viz.browser.pinned_message import PinnedFilm, PinnedPicture, pinned_message
from phenaki_viz.browser.scales import scale_header
from phenaki_viz.browser.strip_message import StripView, StripWords, strip_message
from phenaki_viz.browser.weight_codes import LISTED, coded
from phenaki_viz.browser.weight_factors import Added, Guess
from phenaki_viz.figures.colour import LAWS, ColourScale, lut
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.figures.laid_over import Drawn
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.words import spoken
from phenaki_viz.glossary import found_in
from phenaki_viz.recording import AttentionRecord, Places
from phenaki_viz.recording.axes import Layout
from phenaki_viz.recording.segments import Null, Special, Words
from tests.analysis.records import planted, uniform
from tests.components.test_weight_codes import read_back

HERE = Path(__file__).parent
FILE = HERE / "twins.json"
ENDS = [
    ("linear", 0.0, 0.4),
    ("linear", -0.3, 0.3),
    ("linear", 0.2, 0.2),
    ("sqrt", 0.0, 0.08),
    ("log", 1e-5, 0.7),
    ("uniform", 0.25, 16.0),
]


def _joint() -> AttentionRecord:
    """Null keys, words, the patches of step 1, a class token, in one sequence."""
    tokens = Words(("a", "cat", "a")), Places((2, 3, 5), "frame"), Special("cls")
    keys = Layout((Null(2), *tokens))
    maps = uniform(1, 1, 19, 21)
    return planted(
        maps,
        tokens[1],
        batch_items=(1,),
        num_null_kv=2,
        query_layout=Layout(tokens),
        key_layout=keys,
    )


AXES = [
    MapAxis(title="query", grid=(2, 3, 5)),
    MapAxis(title="key", nulls=2, grid=(2, 3, 5), origin=(4, 0, 0), breaks=(2, 17)),
    MapAxis(title="key", nulls=1, words=("a", "seven", "seven"), breaks=(1,)),
    MapAxis(title="key", grid=(7, 1, 1), origin=(0, 2, 3)),
    MapAxis(title="query", grid=(1, 3, 5), origin=(3, 0, 0)),
    axis_of(_joint(), 0, "key"),
]
SENTENCES = [
    "Entropy of each query, and “entropy” in a prompt; entropy again.",
    "The null keys of a cross-attention are not null-keyed.",
    "A word “with null key inside” and null keys after it",
]


def twins() -> dict[str, Any]:
    """Everything that twins.json holds."""
    rng = np.random.default_rng(5)
    return {
        "scales": [scale(*ends) for ends in ENDS],
        "multiples": multiples(rng),
        "axes": [axis(one) for one in AXES],
        "codes": codes(rng),
        "message": message(rng),
        "factors": factors(),
        "letters": letters(),
        "combined": [lines(rng, how) for how in ("mean", "sum")],
        "drawn": [drawn(*ends) for ends in ((0.0, 0.5, 1.0), (-0.2, 0.4, 1.0), (0.0, 0.5, 4.0))],
        "numbers": [[value, spoken(value)] for value in numbers(rng)],
        "ranks": ranks(rng),
        "terms": [[text, found_in(text)] for text in SENTENCES],
        "over": [over(rng, law, whole) for law in LAWS for whole in (False, True)],
        "pinned": [pinned(rng, law) for law in ("sqrt", "uniform")],
    }


def scale(law: str, low: float, high: float) -> dict[str, Any]:
    found = ColourScale(low=low, high=high, law=law)
    values = np.concatenate([np.linspace(-0.5, 1, 13), np.geomspace(1e-7, 50, 12), [low, high]])
    return {
        "ends": {"low": low, "high": high, "law": law},
        "values": listed(values),
        "unit": listed(found.unit(values.astype(np.float32))),
    }


def multiples(rng: np.random.Generator) -> dict[str, Any]:
    weights = rng.random((5, 7)).astype(np.float32)
    uniform = (1 / np.arange(3, 8)).astype(np.float32)
    found = ColourScale(low=0.25, high=4, law="uniform").measured(weights, uniform[:, None])
    return {"weights": listed(weights), "uniform": listed(uniform), "found": listed(found)}


def over(rng: np.random.Generator, law: Any, whole: bool) -> dict[str, Any]:
    """Ends of the colours of some heads that are pinned, from all that is drawn of them."""
    values = (rng.random(701) ** 6).astype(np.float32)
    values[[5, 9]] = math.nan, math.inf
    found = Colours(law, whole).over(*drawn_range(values), "all pinned heads")
    return {"values": listed(values), "law": law, "whole": whole, "scale": scale_header(found)}


def pinned(rng: np.random.Generator, law: Any) -> dict[str, Any]:
    """Two maps and a strip as a file holds them, and the pinned heads that Python makes of both."""
    query, key = AXES[4], MapAxis(title="key", nulls=1, grid=(1, 3, 5), origin=(3, 0, 0))
    uniform = (1 / np.arange(1, 16)).astype(np.float32)
    values = rng.random((2, 15, 16)).astype(np.float32)
    values[0, 2, 4], values[1, 3] = math.nan, math.inf
    sides: Any = {"query": query, "key": key, "uniform": uniform, "total": (15, 16)}
    maps = [
        map_message(
            MapPicture(values=one, scale=ColourScale(low=0.1, high=1, law=law), **sides),
            MapView(link="look 0"),
            id="map",
        )
        for one in values
    ]
    frames = np.zeros((3, 6, 10, 3), np.uint8)
    film, steps = film_name("strip", small_frames(frames)), [[0], [1, 2]]
    strip = strip_message(
        FilmStrip(
            name="strip", title="strip", notes=(), provenance={}, unit="weight",
            frames=frames, steps=steps, weights=np.zeros((2, 3, 5)),
            scale=ColourScale(low=0, high=1),
        ),
        StripWords(), StripView(), id="strip", film=film,
    )  # fmt: skip
    measured = ColourScale(low=1, high=2, law=law).measured(values, uniform[:, None])
    beside = PinnedFilm(
        frames=film, size=(6, 10), steps=steps, grid=(2, 3, 5), side="row", own=0,
        lines=np.zeros((2, 2, 3, 5), np.float32), name="",
    )  # fmt: skip
    picture = PinnedPicture(
        values=values, labels=["L0 H1", "L1 H0"], cell=(1, 1), film=beside,
        scale=Colours(law).over(*drawn_range(measured), SCOPE), notes=[drawn_as((1, 1))], **sides,
    )  # fmt: skip
    made = pinned_message(picture, id="pinned", push=None, link="look 0")
    found = {"maps": maps, "strip": [strip], "made": [made]}
    return {
        "labels": picture.labels,
        **{name: [base64.b64encode(one).decode() for one in sent] for name, sent in found.items()},
    }


def axis(one: MapAxis) -> dict[str, Any]:
    names = [one.name(at) for at in range(one.count or 0)]
    return {"header": one.header(), "names": names}


def codes(rng: np.random.Generator) -> dict[str, Any]:
    sizes = rng.random(200) * 10.0 ** rng.integers(-12, 1, 200)
    ends = [0, 1, 0.05, 1e-2, 1e-3, 1e-4, 1e-11, math.nan, math.inf]
    values = np.concatenate([sizes, ends]).astype(np.float32)
    parts = coded(values)
    return {
        **{name: listed(part) for name, part in parts.items()},
        "values": listed(values),
        "read": listed(read_back(parts)),
    }


def factors() -> dict[str, Any]:
    """Weights of a head of width 5 that is given by whole numbers: nothing here is rounded."""
    rng = np.random.default_rng(7)
    table = rng.integers(-(10**5), 10**5, (3, 3, 5)).ravel()
    added = Added(table=table, unit=3e-6, dimensions=(2, 2, 3), nulls=1)
    hidden = np.arange(13) == 6
    left, right = rng.integers(-900, 900, (12, 5)), rng.integers(-70_000, 70_000, (5, 13))
    rows = np.linspace(0.5, 30, 12).astype(np.float32)
    guess = Guess(
        left=left, right=right, unit=2.0**-26, rows=rows, hidden=hidden, added=added
    )  # fmt: skip
    values = read_back({"codes": guess.codes().ravel(), "listed": np.zeros((0, 2))}).reshape(12, 13)
    values[guess.codes() == LISTED] = 0.0625
    values[3, 4] = values[3, 5] = 0.25
    values[11, 12] = 0.5
    found = guess.corrected(values)
    sent = pack({"factors": found.header, "shape": [12, 13]}, **found.parts)
    parts = coded(values)
    return {
        "sent": base64.b64encode(sent).decode(),
        "codes": listed(parts["codes"]),
        "listed": listed(parts["listed"]),
    }


def letters() -> list[list[Any]]:
    """Bytes, and the text that a file holds them as."""
    some = [bytes(range(at)) for at in range(7)] + [bytes([255] * 7), bytes(range(200, 256))]
    return [[list(one), lettered(one)] for one in some]


def message(rng: np.random.Generator) -> dict[str, Any]:
    parts = {
        "odd": rng.integers(0, 255, 7).astype(np.uint8),
        "values": rng.random((3, 5)).astype(np.float32),
        "ranks": rng.integers(0, 60_000, 3).astype(np.uint16),
        "none": np.zeros(0, np.float32),
    }
    head = {"id": "map", "said": "“zwei” × 2 → ∞", "scale": {"low": 0.25}}
    sent = pack(head, **parts)
    read = {name: listed(part.ravel()) for name, part in parts.items()}
    return {"sent": base64.b64encode(sent).decode(), "head": head, "parts": read}


def lines(rng: np.random.Generator, how: str) -> dict[str, Any]:
    grids = rng.random((3, 2, 3, 5)).astype(np.float32)
    grids[0, 0] = np.nan
    grids[:, 1, 2, 3:] = np.nan
    found = combined(grids, how)
    return {"lines": [listed(one.ravel()) for one in grids], "how": how, "found": listed(found)}


def drawn(low: float, high: float, contrast: float) -> dict[str, Any]:
    given = ColourScale(low=low, high=high, palette="magma")
    how = Drawn(opacity=1.0, contrast=contrast)
    table = how.table(given)
    found = how.stretched(given)
    return {
        "palette": lut("magma").ravel().tolist(),
        "ends": {"low": low, "high": high, "law": "linear"},
        "contrast": contrast,
        "colours": listed(table[:, :3]),
        "cover": listed(table[:, 3]),
        "stretched": [found.low, found.high],
    }


def numbers(rng: np.random.Generator) -> list[float]:
    sizes = rng.random(60) * 10.0 ** rng.integers(-9, 5, 60)
    return [0.0, 1.0, -0.25, 0.1, *(float(f"{size:.7g}") for size in sizes if size < 9999)]


def ranks(rng: np.random.Generator) -> dict[str, Any]:
    attn = np.round(rng.random((4, 9)), 1).astype(np.float32)
    return {"values": listed(attn), "shape": list(attn.shape), "ranks": row_ranks(attn).tolist()}


def listed(values: np.ndarray) -> list[Any]:
    """Flat; numbers as JSON can hold them."""
    return [_told(float(one)) for one in np.asarray(values, np.float64).ravel()]


def _told(value: float) -> Any:
    if math.isnan(value):
        return None
    return "inf" if math.isinf(value) else value


def text() -> str:
    """The content of twins.json."""
    return json.dumps(twins(), ensure_ascii=False, allow_nan=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
