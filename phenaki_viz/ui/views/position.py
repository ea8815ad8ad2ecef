"""Position: what does position alone contribute?"""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz import glossary
from phenaki_viz.figures.clauses import joined
from phenaki_viz.figures.colour import DIVERGING
from phenaki_viz.figures.curves import Curves
from phenaki_viz.figures.naming import family
from phenaki_viz.figures.position_sentences import alibi_sentence, bias_sentence
from phenaki_viz.figures.position_views import (
    SHARED,
    bias_heads,
    bias_picture,
    penalty_picture,
    slopes_picture,
)
from phenaki_viz.recording import AttentionRecord, PositionBias
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.state.offers import among, within
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND, EXTENT
from phenaki_viz.ui.state.wishes import number
from phenaki_viz.ui.work import computed, experiments, shows

PARTS = {"continuous_pos_bias": "MaskGit", "spatial_rel_pos_bias": "C-ViViT, within a frame"}
ENDS = {"here": "This Δt", "all": "All Δt"}


@fragment
def position_page(run: Run) -> None:
    """What the bias alone would do, as a surface and flat; ALiBi's slopes and penalties."""
    words = panels.place_for_words()
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with controls:
        biased = _biased(run)
    sloped = [record for record in run.recording if record.alibi]
    if biased is None and not sloped:
        with words:
            panels.nothing(
                "Position",
                "This model has no position bias: switch on “Continuous position bias” or "
                "“Causal, with ALiBi” in the sidebar.",
            )
        return
    with controls:
        head = _head(run)
    if biased is not None:
        with words:
            place = st.container(gap="xxsmall")
        _continuous(run, biased, head, place)
    if sloped:
        _alibi(run, sloped, head, words if biased is None else None)


def _biased(run: Run) -> AttentionRecord | None:
    """A record with a continuous position bias: of the module chosen, if there are several."""
    found: dict[str, AttentionRecord] = {}
    for record in run.recording:
        bias = run.recording.bias_surface(record)
        if bias is not None:
            found.setdefault(bias.module, record)
    if len(found) < 2:
        return next(iter(found.values()), None)
    names = sorted(found, key=lambda name: "spatial" in name)
    session.fall_back("bias_of", names, names[0])
    chosen = st.segmented_control(
        "Position bias of",
        names,
        format_func=whose,
        default=names[0],
        required=True,
        help=glossary.about("position bias"),
        **among("bias_of", map(whose, names)),
    )
    return found[chosen or names[0]]


def whose(module: str) -> str:
    """The part of the model that a bias belongs to, by the name of its module; of one's own model
    that name.
    """
    _, _, name = module.rpartition(".")
    return PARTS.get(name, module)


def _head(run: Run) -> int:
    most = max(len(record.heads) for record in run.recording) - 1
    return number("head", most)


def _continuous(run: Run, record: AttentionRecord, head: int, words: Any) -> None:
    used = run.recording.bias_surface(record)
    if used is None:
        return
    head = record.heads[min(head, len(record.heads) - 1)]  # a bias has all that the model has
    tiles, dials = st.columns([5, 6], gap="medium")
    with dials:
        bias, dt, alone = _extent(run, used)
    look: Any = {"alone": alone, "palette": DIVERGING[panels.theme()]}
    of = f"{shows.a_run(run.recording)} bias {used.module} {bias.dimensions} {dt} {look}"
    with words:
        _say(run, used, head, dt, f"{of} head {head}")
    provenance = run.recording.provenance
    with tiles:
        heads = bias_heads(bias, provenance, head, dt, **look)
        panels.grid(heads, kind="bias", elsewhere=(SHARED,), shows=of)
    picture = bias_picture(bias, provenance, head, dt, used.dimensions, **look)
    drawn: Any = {"height": 400, "shows": f"{of} head {head}"}
    left, right = st.columns(2, gap="medium")
    with left:
        panels.plotly(picture, key="bias.flat", flat=True, elsewhere=(SHARED,), **drawn)
    with right:
        panels.plotly(picture, key="bias.surface", elsewhere=None, **drawn)
    on_paper = look | {"palette": DIVERGING["light"]}
    export_icon(
        "the position bias",
        picture.name,
        lambda: bias_picture(bias, provenance, head, dt, used.dimensions, **on_paper),
        "bias",
    )


def _say(run: Run, used: PositionBias, head: int, dt: int, of: str) -> None:
    """What the bias does, from the size that the model ran on."""
    pictures = {"bias.flat": of, "bias.surface": of}
    text = computed.bias_heading_of(run, used, head, whose(used.module))
    panels.heading(text, run.recording.provenance, pictures)
    panels.say(bias_sentence(used, head, dt), pictures, key="sentence.patch")
    panels.say(
        f"A small network makes it from the offset between two patches; {SHARED}.",
        pictures,
        key="sentence.made",
        aside=True,
    )


def _extent(run: Run, used: PositionBias) -> tuple[PositionBias, int, bool]:
    """The bias at the chosen size, at one Δt, and whether colours end where that Δt does."""
    dt, alone = 0, True
    if len(used.dimensions) == 3:
        dt = _time_offset(used.dimensions[0])
        alone = _ends() == "here"
    times = _times(run)
    return experiments.extrapolated(run, used, times), dt, alone


def _ends() -> str:
    chosen = st.segmented_control(
        "Colours end at the largest of",
        list(ENDS),
        format_func=ENDS.__getitem__,
        default="here",
        required=True,
        help="All Δt: one scale, so that time steps can be compared",
        **among("bias_ends", ENDS.values()),
    )
    return chosen or "here"


def _times(run: Run) -> int:
    if isinstance(run, RecordedRun):
        st.caption(
            "A recording holds the bias at the size the model ran on, not the network it comes "
            "from: for larger sizes open the weights."
        )
        return 1
    return st.slider(
        "Size, in multiples of the grid the model ran on",
        *EXTENT,
        key=session.named("extent"),
        help="Beyond 1 the network is asked for offsets it never met: extrapolation",
        **BOUND,
    )


def _time_offset(steps: int) -> int:
    if steps == 1:
        st.caption("One time step: Δt is 0.")
        return 0
    if abs(session.get("dt", 0)) >= steps:
        session.put("dt", 0)
    ends = 1 - steps, steps - 1
    return st.slider("Δt, query − key (time steps)", *ends, 0, **within("dt", *ends))


def _alibi(run: Run, sloped: list[AttentionRecord], head: int, top: DeltaGenerator | None) -> None:
    """ALiBi of the parts that have it. top: where the heading is of a page with nothing else."""
    record = sloped[0]
    head = min(head, len(record.heads) - 1)
    parts = joined(list(dict.fromkeys(family(one) for one in sloped)))
    of = f"{shows.a_run(run.recording)} alibi {record.module} head {head}"
    pictures = {"slopes": of, "penalty": of}
    with top or st.container(gap="xxsmall"):
        panels.heading(
            f"ALiBi in the {parts} attention",
            run.recording.provenance,
            pictures,
            key="heading.alibi",
            tag="h1" if top else "h2",
        )
        panels.say(alibi_sentence(record, head), pictures, key="sentence.alibi")
    st.caption(
        "Each head subtracts slope × distance from the score. With a number of heads that is no "
        "power of two the slopes are not in order.",
        help=glossary.about("ALiBi"),
    )
    trained = max(1, record.map.shape[3] - 1)
    distance = st.slider(
        "Distance shown (tokens)",
        1,
        EXTENT[1] * trained,
        trained,
        **within("distance", 1, EXTENT[1] * trained),
    )
    provenance = run.recording.provenance
    left, right = st.columns(2, gap="medium")
    with left:
        _curves("the slopes", slopes_picture(record, provenance, head, parts), "slopes", of)
    with right:
        _curves(
            "the penalties",
            penalty_picture(record, provenance, head, distance, parts),
            "penalty",
            of,
        )
    if record.alibi and record.alibi.max_abs_error > 1e-5:
        st.warning(
            f"What this module added differs from −slope × distance by up to "
            f"{record.alibi.max_abs_error:.3g}.",
            icon=":material/error:",
        )


def _curves(what: str, picture: Curves, key: str, of: str) -> None:
    panels.plotly(picture, key=key, height=320, titled=True, elsewhere=None, shows=of)
    export_icon(what, picture.name, lambda: picture, key)
