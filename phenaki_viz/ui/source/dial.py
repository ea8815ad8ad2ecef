"""The dials of a model with random weights, each bound to the URL."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from phenaki_viz.data import SAMPLES, Clip
from phenaki_viz.ui import session
from phenaki_viz.ui.source import clips, dial_history
from phenaki_viz.ui.source.framing import Framing
from phenaki_viz.ui.source.gone import say_gone, uploaded_title
from phenaki_viz.ui.source.storage import draw_storage
from phenaki_viz.ui.state import dial_settings as s
from phenaki_viz.ui.state.dial_settings import Settings
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.view import BOUND

_DEFAULTS = Settings()
LAYOUTS = {"joint": "MaskGit", "factorised": "C-ViViT"}


def draw_dials() -> tuple[Settings, Clip]:
    """Draw every dial; returns their settings and the clip."""
    layout = _layout()
    _architecture()
    _position(layout)
    _text(layout)
    clip = _clip()
    _seed()
    draw_storage()
    settings = _read(layout)
    dial_history.remember(settings)
    dial_history.draw_buttons()
    return settings, clip


def _layout() -> Any:
    return st.segmented_control(
        "Which tokens see each other",
        list(LAYOUTS),
        format_func=LAYOUTS.__getitem__,
        default=_DEFAULTS.layout,
        required=True,
        width="stretch",
        help="MaskGit attends over all space-time tokens at once and reads the text. "
        "C-ViViT's encoder attends within each frame, then along time at each patch.",
        **among("layout", LAYOUTS.values()),
    )


def _architecture() -> None:
    _slider("Heads", "heads", *s.HEADS)
    _slider("Depth (layers)", "depth", *s.DEPTH)
    left, right = st.columns(2)
    with left:
        _choice("Head width", "dim_head", s.HEAD_WIDTHS)
    with right:
        _choice("Model width", "dim", s.WIDTHS)


def _position(layout: str) -> None:
    st.header("Position and masks", anchor=False)
    _toggle("Continuous position bias", "position_bias", "A small network from offset to bias")
    _toggle(
        "Causal, with ALiBi",
        "causal",
        "Tokens see only what came before, and each head pays a price for distance",
    )
    _toggle("PEG convolutions", "peg", "A depthwise 3×3×3 convolution before each attention")
    _toggle("PEG causal in time", "peg_causal", "The convolution looks back only", needs="peg")
    if layout == "factorised":
        _toggle(
            "PEG layout mended",
            "peg_rearranged",
            "The published temporal PEG reshapes tokens as if they were in another order, which "
            "lets later frames leak into earlier ones. On: the order is put right first.",
            needs="peg",
        )
    else:
        _slider("Padded time steps at the end", "step_padding", *s.STEP_PADDING)


def _text(layout: str) -> None:
    st.header("Text", anchor=False)
    if layout != "joint":
        st.caption("C-ViViT reads no text. Cross-attention is in the MaskGit layout.")
        return
    _toggle("Cross-attention", "cross", "Every layer also reads the words of the prompt")
    st.text_input(
        "Prompt",
        value=_DEFAULTS.prompt,
        key="prompt",
        max_chars=2000,
        disabled=not session.held("cross"),
        help="Its words become keys. Word vectors are random here, the same word always the same",
        **BOUND,
    )
    left, right = st.columns(2)
    with left:
        _slider("Null key/values", "null_kv", *s.NULLS, needs="cross")
    with right:
        _slider("Padded words", "word_padding", *s.WORD_PADDING, needs="cross")


def _clip() -> Clip:
    st.header("Clip", anchor=False)
    uploaded = clips.uploader()
    titles = dict(SAMPLES)
    if uploaded:
        titles[clips.UPLOAD] = uploaded_title(uploaded.name)
    say_gone("clip", titles.values())
    chosen = _choice("Source", "clip", tuple(titles), titles)
    film = clips.film_of(chosen, uploaded)
    frame = Framing(film, 1, 1, whole=film.found == 1)  # every dialled size is square
    left, right = st.columns(2)
    with left:
        size = _choice("Frame size", "size", s.SIZES)
        pt = _choice("Temporal patch", "temporal_patch", tuple(range(1, s.TEMPORAL_PATCHES[1] + 1)))
    with right:
        patches = tuple(patch for patch in s.PATCHES if size % patch == 0)
        _choice("Patch", "patch", patches)
        counts = s.frame_counts(pt, min(frame.left, s.MOST_FRAMES))
        frames = _choice("Frames", "frames", counts)
    frame.height = frame.width = size
    return frame.clip(lambda found: max(s.frame_counts(pt, min(found, frames))))


def _seed() -> None:
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        st.number_input(
            "Seed", 0, 2**31 - 1, _DEFAULTS.seed, key="seed", **BOUND, help="Of the weights"
        )
    with right:
        st.button(
            "",
            icon=":material/casino:",
            on_click=_next_seed,
            key="next.seed",
            help="Other random weights: the next seed",
            width="stretch",
        )


def _next_seed() -> None:
    session.put("seed", (session.held("seed") + 1) % 2**31)


def _read(layout: str) -> Settings:
    """The settings as the dials stand; dials that are not drawn keep their default."""
    drawn = {
        name: session.get(name, getattr(_DEFAULTS, name)) for name in Settings.__dataclass_fields__
    }
    joint = layout == "joint"
    drawn["cross"] = drawn["cross"] and joint
    drawn["step_padding"] = drawn["step_padding"] if joint else 0
    return Settings(**drawn)


def _slider(label: str, name: str, low: int, high: int, needs: str = "") -> None:
    st.slider(
        label,
        low,
        high,
        getattr(_DEFAULTS, name),
        key=name,
        disabled=bool(needs) and not session.get(needs),
        **BOUND,
    )


def _toggle(label: str, name: str, what: str, needs: str = "") -> None:
    st.toggle(
        label,
        getattr(_DEFAULTS, name),
        key=name,
        help=what,
        disabled=bool(needs) and not session.get(needs),
        **BOUND,
    )


def _choice(
    label: str, name: str, options: Sequence[Any], titles: dict[Any, str] | None = None
) -> Any:
    """A select box whose value moves to the nearest option when its own is gone."""
    default = getattr(_DEFAULTS, name)
    if session.has(name):
        session.put(name, _closest(session.held(name), options))
    named = titles or {option: str(option) for option in options}
    # Which clip is not here, and why, `say_gone` says.
    asked = {"key": name, **BOUND} if name == "clip" else among(name, named.values())
    return st.selectbox(
        label,
        options,
        index=options.index(_closest(default, options)),
        format_func=named.__getitem__,
        **asked,
    )


def _closest(value: Any, options: Sequence[Any]) -> Any:
    if value in options:
        return value
    numbers = all(isinstance(option, int) for option in (value, *options))
    return s.nearest(value, tuple(options)) if numbers else options[0]
