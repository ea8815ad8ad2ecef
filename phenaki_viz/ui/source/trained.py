"""What a trained model is run on: clip, prompt, masked tokens, heads off, layers cut."""

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.checkpoints.corrections import value_like, value_text
from phenaki_viz.data import DIGIT_CLIPS, SAMPLES, Clip, Prompt, digit_clip, read_prompt
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models import CViViT, Phenaki, TokenCritic
from phenaki_viz.runs.model import RunOptions
from phenaki_viz.runs.model_parts import eyes_of, filler_of, most_frames
from phenaki_viz.ui import session
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.source import ablation, clips
from phenaki_viz.ui.source.framing import Framing
from phenaki_viz.ui.source.gone import say_gone, uploaded_title
from phenaki_viz.ui.source.storage import draw_storage
from phenaki_viz.ui.state.link import say_in_url
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work.requests import LookRequest

if TYPE_CHECKING:
    from torch import nn

CAPTIONS = tuple(DIGIT_CLIPS.values())
LONGEST = 2000  # letters of a prompt
_CARRIED, _TAKEN = "clip.carried", "clip.taken"
_FOLLOWED = "clip.followed"  # the clip that was chosen last
_BOX = "say.box"  # the number of the prompt's box, and what that began with


def draw_request(model: "nn.Module") -> LookRequest:
    """Draw the controls of a trained model; returns their request."""
    clip = _clip(model)
    prompt = _prompt(model)
    share, seed = 0.5, 0
    if not isinstance(model, CViViT):
        share, seed = _mask()
    frames = most_frames(model, len(clip.frames))
    switches = ablation.draw(model)
    grid = None if eyes_of(model) else _grid(model)
    storage = draw_storage()
    options = RunOptions(
        share=share, seed=seed, frames=frames, grid=grid, switches=switches, storage=storage
    )
    return LookRequest(model=model, clip=clip, prompt=prompt, options=options)


def _grid(model: Any) -> tuple[int, int, int]:
    """The grid of the tokens, which a MaskGit or critic alone cannot know.

    Square frames are offered; frames of another shape are typed.
    """
    most = filler_of(model).max_seq_len  # type: ignore[union-attr]
    options = [(min(most // side**2, 8), side, side) for side in range(1, 33) if side**2 <= most]
    likely = options[len(options) // 2]
    chosen = st.selectbox(
        "Token grid (steps × rows × columns)",
        options,
        index=len(options) // 2,
        format_func=lambda grid: grid if isinstance(grid, str) else " × ".join(map(str, grid)),
        key=f"grid.{most}",
        accept_new_options=True,
        help=f"This model has positions for {most} tokens; how they lie is not in its file. "
        "Frames that are no squares: type, as 3×4×5",
    )
    try:
        return checked_grid(chosen, most)
    except CheckpointError as error:
        st.warning(f"The grid is {value_text(likely)}:", icon=":material/undo:")
        st.text(str(error))
        return likely


def checked_grid(chosen: Any, most: int) -> tuple[int, int, int]:
    """A grid 't h w' that was chosen or typed. Raises CheckpointError when the model has no room.

    most: positions that the model has.
    """
    grid = value_like("the grid", chosen, (1, 1, 1))
    if not isinstance(grid, tuple) or len(grid) != 3 or min(grid) < 1 or math.prod(grid) > most:
        raise CheckpointError(
            f"the grid cannot be {value_text(grid)}: three numbers of 1 or more, steps × rows × "
            f"columns, that make up to {most} tokens"
        )
    t, h, w = grid
    return t, h, w


def _clip(model: "nn.Module") -> Clip:
    film = _film()
    eyes = eyes_of(model)
    if eyes is None:
        return clips.read(film, 0, 1, film.found)
    height, width = eyes.image_size
    takes = partial(most_frames, model)
    whole = takes(film.found) == film.found
    return Framing(film, height, width, whole=whole).clip(takes)


def _film() -> clips.Film:
    st.header("Clip and prompt", anchor=False)
    uploaded = clips.uploader("film")
    titles = {**{caption: caption for caption in CAPTIONS}, **SAMPLES}
    if uploaded:
        titles[clips.UPLOAD] = uploaded_title(uploaded.name)
    if session.has(_TAKEN):
        session.put("film", clips.CARRIED)
        _set_prompt(session.take(_TAKEN))
    carried: Clip | None = session.get(_CARRIED)
    if carried is not None:
        titles[clips.CARRIED] = carried.name
    session.fall_back("film", titles, CAPTIONS[0])
    say_gone("film", titles.values())
    chosen = st.selectbox(
        "Clip",
        list(titles),
        format_func=titles.__getitem__,
        key="film",
        help="Handwritten digits that were kept out of training, 9 frames of 48×48",
        **BOUND,
    )
    _follow(chosen)
    if chosen == clips.CARRIED and carried is not None:
        return clips.kept(carried)
    if chosen in CAPTIONS:
        return clips.kept(_digit(chosen))
    return clips.film_of(chosen, uploaded)


def carry(clip: Clip, text: str) -> None:
    """Show this clip and its text from the next run of the page on; call it from a callback.

    The boxes are set where they are drawn: a browser that goes to another page before it has heard
    of the choice would send the old one back.
    """
    session.page.put(_CARRIED, clip)
    session.page.put(_TAKEN, text)


def _follow(film: str) -> None:
    """The prompt follows the clip. Not by a callback: one that is overtaken dies half-way."""
    if film == session.first(_FOLLOWED, film):
        return
    if film in CAPTIONS:
        _set_prompt(film)
    session.put(_FOLLOWED, film)


def _set_prompt(text: str) -> None:
    """Another prompt, in another box.

    A browser that has not heard of it yet sends the former box with whatever is done next. In the
    same box that would be taken for typed: it would say one text and the picture show another.
    """
    number, _ = session.get(_BOX, (0, ""))
    session.put(_BOX, (number + 1, text))


def _typed() -> str:
    """What the box of the prompt says; the link says it, too."""
    linked = st.query_params.get("say", CAPTIONS[0])
    number, first = session.first(_BOX, (0, linked))
    text = st.text_input(
        "Prompt",
        value=first,
        key=f"say.{number}",
        max_chars=LONGEST,
        help="What the text says; it need not be what the clip shows",
        persist_state="session",
    )
    say_in_url("say", "" if text == CAPTIONS[0] else text)
    return text


@st.cache_resource(show_spinner=False)
def _digit(caption: str) -> Clip:
    return digit_clip(caption)


def _prompt(model: "nn.Module") -> Prompt:
    if not reads_text(model):
        kind = "C-ViViT" if isinstance(model, CViViT) else "This model"
        st.caption(f"{kind} reads no text.")
        return read_prompt("")
    prompt = read_prompt(_typed())
    encoder: Any = getattr(model, "encode_texts", None)
    unknown = encoder.unknown(prompt.text) if hasattr(encoder, "unknown") else ()
    if unknown:
        st.caption("Words it never learned; all of them share one vector:")
        st.text(", ".join(unknown[:8]))
    for note in prompt.notes:
        st.text(note)
    words = getattr(encoder, "words", ())
    if words:
        st.caption(inert("It knows: " + " ".join(words)))
    return prompt


def reads_text(model: "nn.Module") -> bool:
    """Whether a prompt changes anything: C-ViViT and unconditional models read none."""
    filler = filler_of(model)
    if isinstance(filler, TokenCritic):
        return filler.has_cross_attn
    return filler is not None and not filler.unconditional


def _mask() -> tuple[float, int]:
    left, right = st.columns([2, 1])
    with left:
        share = st.slider(
            "Masked tokens (%)",
            0,
            100,
            50,
            5,
            key="masked",
            help="MaskGit sees the other tokens and fills these in",
            **BOUND,
        )
    with right:
        seed = st.number_input("Which", 0, 2**31 - 1, 0, key="mask_seed", help="Seed", **BOUND)
    return share / 100, int(seed)


def whole(model: "nn.Module") -> bool:
    """Whether a model can sample: C-ViViT, MaskGit and its text together."""
    return isinstance(model, Phenaki) and (
        model.maskgit.unconditional or model.encode_texts is not None
    )
