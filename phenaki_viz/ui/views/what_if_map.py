"""The map of another run, as the form says it: of a clip with its text, or of a recording."""

from dataclasses import replace

import streamlit as st

from phenaki_viz.checkpoints.files import Source
from phenaki_viz.data import DIGIT_CLIPS, SAMPLES
from phenaki_viz.recording.interventions import TransferMap
from phenaki_viz.recording.interventions.checks import LONGEST_TEXT
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import file_box
from phenaki_viz.ui.source.recording_file import opened, wanted_recording

OF = {"clip": "A clip with its text", "recording": "A recording"}


def choose(run: Run, module: str, head: int | None) -> TransferMap | None:
    """Which map is put into this head, or into all of the module; None while that is open."""
    of = st.segmented_control(
        "The map of", list(OF), format_func=OF.__getitem__, default="clip", required=True,
        key=named("whatif.map.of"),
        help="The head reads where it read in that run, whatever its own queries and keys say; "
        "what it reads there is this run's",
    )  # fmt: skip
    if of == "recording":
        return _of_recording(module, head)
    return _of_clip(run, TransferMap(module=module, head=head, clip="x"))


def _of_clip(run: Run, one: TransferMap) -> TransferMap | None:
    """Another clip that comes with the project, its text, which tokens are hidden."""
    titles = [*DIGIT_CLIPS.values(), *SAMPLES.values()]
    others = [title for title in titles if title != run.clip.name] + [run.clip.name] * (
        run.clip.name in titles
    )
    clip = st.selectbox("Clip", others, key=named("whatif.map.clip")) or others[0]
    usual = clip if clip in DIGIT_CLIPS.values() else run.prompt.text
    text = st.text_input(
        "Text", usual, key=named(f"whatif.map.text.{clip}"), max_chars=LONGEST_TEXT,
        help="A map over words fits a text of as many words, or of more",
    ).strip()  # fmt: skip
    options = run.options if isinstance(run, ModelRun) else None
    seed = st.number_input(
        "Seed of its masked tokens", 0, 2**31 - 1, options.seed if options else 0,
        key=named("whatif.map.seed"),
    )  # fmt: skip
    if text and not text.isprintable():
        return None
    share = options.share if options else one.share
    return replace(one, clip=clip, prompt=text, seed=int(seed), share=share)


def _of_recording(module: str, head: int | None) -> TransferMap | None:
    """A file that is opened here; links name it by its digest."""
    chosen = file_box.choose(
        "Recording", ["safetensors"], ("whatif.map.file", "whatif.map.path"),
        "Of a model with the same layers and heads, on as many patches",
    )  # fmt: skip
    found = None if chosen is None else file_box.read(chosen, _recorded)
    if found is None:
        return None
    digest, run = found
    if run is None:
        st.error("This file holds weights, not what a model did with them.")
        return None
    calls = sum(record.module == module for record in run.recording)
    if not calls:
        st.error("This recording has no such layer.")
        return None
    call = 0
    if calls > 1:
        call = int(st.number_input(
            "Which of its calls", 0, calls - 1, 0, key=named("whatif.map.call"),
            help="Of a sampled clip each decoding step calls a layer anew, with the text and "
            "without it",
        ))  # fmt: skip
    return TransferMap(module=module, head=head, recording=digest, call=call)


def _recorded(source: Source, digest: str) -> tuple[str, Run | None]:
    """The digest, and the run of the file; None of weights."""
    return digest, opened(digest) if wanted_recording(source, digest) is not None else None
