"""Every component with controls that push to it; `?show=` says which, the rest of the URL how."""

import gc
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from phenaki_viz.analysis.overlay import combined
from phenaki_viz.analysis.row_filter import RowFilter, filtered_tile, tile_ranks
from phenaki_viz.analysis.thumbnails import with_means
from phenaki_viz.analysis.tiles import MapTile
from phenaki_viz.browser.film import small_frames
from phenaki_viz.browser.map_filter import MapFilter
from phenaki_viz.browser.map_message import MapPicture, MapView
from phenaki_viz.browser.of_map import OfMap
from phenaki_viz.figures.colour import ColourScale, lut
from phenaki_viz.figures.film_strip import FilmStrip
from phenaki_viz.recording import HeadMap
from phenaki_viz.ui.components import MapAxis, attention_map, figure, film_strip, head_grid
from phenaki_viz.ui.components.film_strip import StripView, StripWords, share_film
from phenaki_viz.ui.components.head_grid import Arrangement, GridPicture
from phenaki_viz.ui.components.pinned_maps import PinnedFilm, PinnedPicture, pinned_maps
from phenaki_viz.ui.components.shared import share_selection
from tests.analysis import records
from tests.components import planted

st.set_page_config(layout="wide")
asked = st.query_params
state = st.session_state
BREAKS, GROUPS = (64, 128, 192, 256), tuple(f"time {t}" for t in range(5))
QUERY = MapAxis(title="query", grid=planted.GRID, breaks=BREAKS, groups=GROUPS)
KEY = MapAxis(title="key", grid=planted.GRID, breaks=BREAKS, groups=GROUPS)


@st.cache_resource(show_spinner=False)
def start() -> None:
    planted.thumbs(6, 8)
    gc.collect()
    gc.freeze()


def number(name: str, default: int = 0) -> int:
    return int(asked.get(name, default))


def runs(name: str) -> None:
    state[f"{name}.runs"] = state.get(f"{name}.runs", 0) + 1
    st.text(f"{name} runs {state[f'{name}.runs']}")


@st.fragment
def draw_grid() -> None:
    layers, heads = number("layers", 6), number("heads", 8)
    thumbs = planted.thumbs(layers, heads, causal="causal" in asked)
    state.setdefault("head", (min(1, layers - 1), min(2, heads - 1)))
    scale = ColourScale(
        low=thumbs[np.isfinite(thumbs)].max() / 1e3, high=float(np.nanmax(thumbs)), law="log"
    )
    values = np.nan_to_num(thumbs).std(axis=(2, 3)) * 1e3 if "values" in asked else None
    means, more, order = "means" in asked, {}, None
    if means:
        state.setdefault("arranged", Arrangement(pins=((0, 0),)))
        order = [(2, 1), (0, 3), (1, 2), (0, 0), (2, 4), (1, 0)] if "sorted" in asked else None
        more = {
            "arranged": state["arranged"],
            "on_arrange": lambda arranged: state.update(arranged=arranged),
        }
        thumbs, values = with_means(thumbs), None if values is None else with_means(values)
    picture = GridPicture(
        thumbs=thumbs,
        scale=scale,
        layers=[f"L{at}" for at in range(layers)],
        heads=[f"H{at}" for at in range(heads)],
        values=values,
        label="spread" if "values" in asked else "",
        means=means,
        order=order,
    )
    picked = head_grid(
        picture,
        selected=state["head"],
        key="grid",
        on_pick=lambda layer, head: state.update(head=(layer, head)),
        **more,
    )
    st.text(f"arranged {state.get('arranged')}")
    st.text(f"grid has {state['head']} picked {picked}")
    st.button("first head", on_click=lambda: state.update(head=(0, 0)))
    runs("grid")


def pick_cell(event: dict[str, Any]) -> None:
    state["cell"] = (event["query"], event["key"])


def see_window(event: dict[str, Any]) -> None:
    state["window"] = (event["r0"], event["r1"], event["c0"], event["c1"])


def map_values(head: int) -> tuple[dict[str, Any], np.ndarray]:
    kind = asked.get("kind", "self")
    if kind == "cross":
        key = MapAxis(
            title="key", nulls=2, words=planted.WORDS, breaks=(2,), groups=("null", "text")
        )
        return {"key": key, "query": QUERY}, planted.cross(0, head)
    if kind == "temporal":
        axis = {"grid": (5, 1, 1), "origin": (0, 3, 3)}
        axes = {
            "query": MapAxis(title="query", **axis),
            "key": MapAxis(title="key", **axis),
        }
        return axes, planted.attention(0, head, True)[3::64, 3::64]
    values = planted.attention(0, head, "causal" in asked).copy()
    if "wrong" in asked:
        values[17] = np.inf
    return {"query": QUERY, "key": KEY}, values


def map_filter(attn: np.ndarray, window: tuple[int, ...], cell: tuple[int, int]) -> dict[str, Any]:
    """Top 80 % without keys 3 and 64, as the app decides it; ranks where cells are single."""
    if "rowFilter" not in asked:
        return {}
    row_filter = RowFilter(0.8, (3, 64) if attn.shape[1] > 64 else (0, 1))
    values = attn[window[0] : window[1], window[2] : window[3]]
    tile = MapTile(values, window, cell, (), np.ones(len(attn), np.float32))
    record = records.planted(np.nan_to_num(attn)[None, None])
    found = filtered_tile(HeadMap(record, 0, 0), tile, row_filter)
    shown = {"kept": found.kept, "shown": found.shown, "left": found.left}
    ranks = tile_ranks(HeadMap(record, 0, 0), tile) if values.size < 45_000 else None
    return {
        "row_filter": MapFilter(
            **shown, without=row_filter.without, said=("Without 2 keys", "Top 80%")
        ),
        "ranks": ranks if cell == (1, 1) else None,
    }


@st.fragment
def draw_map() -> None:
    head = st.slider("head", 0, 7, 1, key="map_head")
    axes, values = map_values(head)
    total = values.shape
    state.setdefault("cell", (150 % total[0], None))
    window, cell = (0, total[0], 0, total[1]), (1, 1)
    if "coarse" in asked:
        window = state.get("window", window)
        cell = (4, 4) if window == (0, *total[:1], 0, *total[1:]) else (1, 1)
    part = values[window[0] : window[1], window[2] : window[3]]
    high = float(values[np.isfinite(values)].max())
    log = "log" in asked
    picture = MapPicture(
        values=planted.pooled(part, cell) if cell != (1, 1) else part,
        total=total,
        window=window,
        cell=cell,
        scale=ColourScale(low=high / 1e4 if log else 0, high=high, law="log" if log else "linear"),
        uniform=np.full(total[0], 1 / total[1], np.float32),
        source=f"head {head}",
        **map_filter(values, window, cell),
        **axes,
    )
    event = attention_map(
        picture,
        key="map",
        selected=(state["cell"][0], "kept" if "kept" in asked else state["cell"][1]),
        on_pick=pick_cell,
        on_window=see_window,
    )
    st.text(f"map has {state['cell']} window {window} event {event}")
    st.button("query 7", on_click=lambda: state.update(cell=(7, 11)))
    runs("map")


@st.fragment
def draw_pinned() -> None:
    state.setdefault("cell", (150, None))
    state.setdefault("held", [0, 1, 2])
    maps = [planted.attention(at, 1, "causal" in asked) for at in state["held"]]
    values = np.stack([planted.pooled(attn, (4, 4)) for attn in maps])
    picture = PinnedPicture(
        values=values,
        labels=[f"L{at} H1" for at in state["held"]],
        total=(planted.N, planted.N),
        cell=(4, 4),
        scale=ColourScale(low=0, high=float(np.nanmax(values)), scope="all pinned heads"),
        query=QUERY,
        key=KEY,
        uniform=planted.uniform(),
    )
    pinned_maps(
        picture,
        key="pinned",
        selected_query=state["cell"][0],
        on_pick=pick_cell,
        on_unpin=lambda at: state["held"].pop(at),
    )
    st.text(f"pinned has {state['cell']} of {state['held']}")
    st.button("query 8", on_click=lambda: state.update(cell=(8, None)))
    runs("pinned")


def strip_of(weights: np.ndarray, places: list[Any], **how: Any) -> FilmStrip:
    """Weights over the planted frames, on a scale of their own."""
    return FilmStrip(
        name="planted", title="planted", notes=(), provenance={}, unit="weight",
        frames=planted.frames(), steps=planted.STEPS, weights=weights,
        places=tuple(map(tuple, places)), uniform=1 / planted.N,
        scale=ColourScale(low=0, high=float(np.nanmax(weights)), scope="this query"), **how,
    )  # fmt: skip


@st.fragment
def draw_strip() -> None:
    layer = st.slider("layer", 0, 5, 3, key="strip_layer")
    state.setdefault("patch", (2, 4, 4))
    t, h, w = state["patch"]
    attn = planted.attention(layer, 1, "causal" in asked)
    weights = attn[np.ravel_multi_index((t, h, w), planted.GRID)].reshape(planted.GRID)
    picture = strip_of(weights, [state["patch"]])
    picked = film_strip(
        picture,
        key="strip",
        film=share_film("strip", small_frames(picture.frames)),
        on_pick=lambda event: state.update(patch=tuple(event["places"][0])),
    )
    st.text(f"strip has {state['patch']} picked {picked}")
    st.button("corner patch", on_click=lambda: state.update(patch=(0, 0, 0)))
    runs("strip")


def pick_patches(event: dict[str, Any]) -> None:
    state["patch"], *state["also"] = map(tuple, event["places"])
    state["combine"] = event["combine"]


def row_of(place: tuple[int, int, int]) -> int:
    return int(np.ravel_multi_index(place, planted.GRID))


@st.fragment
def draw_linked() -> None:
    """A strip, the map it belongs to and two pinned ones, with one selection; `?apart=1`: large."""
    state.setdefault("patch", (2, 4, 4))
    attn = planted.attention(3, 1, "causal" in asked)
    cell = (4, 4) if "apart" in asked else (1, 1)
    places = [state["patch"], *state.get("also", [])]
    side, how = asked.get("side", "row"), state.get("combine", "mean")
    lines = np.stack([attn[row_of(at)] if side == "row" else attn[:, row_of(at)] for at in places])
    weights = combined(lines.reshape(-1, *planted.GRID), how)
    query = row_of(state["patch"])
    share_selection(
        "planted",
        query=query,
        key=query if side == "column" else state.get("key"),
        places=places,
        pickers=("map", "strip", "pinned"),
    )

    def pick(event: dict[str, Any]) -> None:
        place = np.unravel_index(event["query"], planted.GRID)
        state.update(patch=tuple(map(int, place)), also=[], key=event["key"])

    strip = strip_of(weights, places, side=side)
    words = StripWords(combine=how, each="this query", many="look at")
    view = StripView(
        locked="follow" not in asked,
        of_map=OfMap(link="planted", query=QUERY, key=KEY, weights="planted.weights"),
        walk=state.get("walk", {"along": "frames", "pace": 12}),
    )
    film = share_film("strip", small_frames(strip.frames))
    film_strip(
        strip,
        words,
        view,
        key="strip",
        film=film,
        on_pick=pick_patches,
        on_walk=lambda walk: state.update(walk=walk),
    )
    picture = MapPicture(
        values=planted.pooled(attn, cell) if cell != (1, 1) else attn,
        total=attn.shape,
        cell=cell,
        scale=ColourScale(low=0, high=float(np.nanmax(attn))),
        uniform=planted.uniform(),
        query=QUERY,
        key=KEY,
    )
    attention_map(
        picture, MapView(link="planted", weights="planted.weights"), key="map", on_pick=pick
    )
    heads = [attn, planted.attention(0, 1, "causal" in asked)]
    shown = np.stack([planted.pooled(one, cell) if cell != (1, 1) else one for one in heads])
    pinned = PinnedPicture(
        values=shown,
        labels=["L3 H1", "L0 H1"],
        total=attn.shape,
        cell=cell,
        scale=ColourScale(low=0, high=float(np.nanmax(shown)), scope="all pinned heads"),
        uniform=planted.uniform(),
        film=PinnedFilm(
            frames=film,
            size=(48, 48),
            steps=planted.STEPS,
            grid=planted.GRID,
            side="row",
            own=query,
            lines=np.stack([one[query].reshape(planted.GRID) for one in heads], dtype=np.float32),
        ),
        query=QUERY,
        key=KEY,
    )
    pinned_maps(pinned, key="pinned", link="planted", on_pick=pick)
    st.text(f"linked has {places} {how} key {state.get('key')} walk {state.get('walk')}")
    st.button("corner", on_click=lambda: state.update(patch=(0, 0, 0), also=[]))
    runs("linked")


@st.fragment
def draw_figure() -> None:
    step = st.slider("step", 0, 20, 0, key="step")
    kind = asked.get("kind", "heatmap")
    y, x = np.mgrid[-1:1:24j, -1:1:36j].astype(np.float32)
    z = np.sin(4 * (x + step / 10)) * np.cos(3 * y)
    trace = {"surface": go.Surface, "heatmap": go.Heatmap}[kind if kind == "surface" else "heatmap"]
    colours = [[at / 255, f"rgb{tuple(one)}"] for at, one in enumerate(lut("magma").tolist())]
    dark = st.context.theme.type == "dark"
    fig = go.Figure(trace(z=z.astype(np.float32), colorscale=colours))
    fig.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 40, "r": 10, "t": 30, "b": 30},
        meta={"step": step},
    )
    st.text(f"figure clicked {figure(fig, key='figure', height=420, alt='waves')}")
    runs("figure")


start()
kinds = {"grid": draw_grid, "map": draw_map, "strip": draw_strip, "figure": draw_figure}
kinds |= {"pinned": draw_pinned, "linked": draw_linked}
shown = asked.get("show", "grid map strip figure").split()
if st.checkbox("draw", True, key="draw"):
    for kind in shown:
        kinds[kind]()
