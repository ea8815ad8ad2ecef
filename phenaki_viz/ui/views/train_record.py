"""How the model in use came about, from the record in its file; and the way to one's own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.checkpoints import Opened
from phenaki_viz.errors import CheckpointError
from phenaki_viz.figures.training_sentences import fallen
from phenaki_viz.figures.training_views import Stretches, recorded_loss
from phenaki_viz.recording.digests import weights_digest
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source.checkpoint import GOOD
from phenaki_viz.ui.views.train import duration
from phenaki_viz.ui.work import open_models, shows

if TYPE_CHECKING:
    from torch import nn

STAGES = {
    "tokenizer": ("First C-ViViT learned to rebuild clips from its codes", "error / variance"),
    "maskgit": ("Then MaskGit learned to fill in masked codes", "nats a token"),
}


def record_page(run: Run) -> None:
    """The loss curves in the file, and a button to where a model learns in the page."""
    record = _record(run)
    if isinstance(run, RecordedRun) and not record:
        st.caption("How its model learned is in the file of the weights; a recording has none.")
    curves = {name: curve for name in STAGES if (curve := _curve_of(record, name))}
    if curves:
        with panels.place_for_words():
            _say(run, record, curves)
        for column, (name, curve) in zip(st.columns(len(curves)), curves.items(), strict=True):
            with column:
                _draw(name, curve, run)
    (st.header if curves else st.title)("Watch one learn", anchor=False)
    st.caption(
        "A model of your own dialling learns from moving digits in this page: live loss, and its "
        "attention at the training steps that were kept."
    )
    st.button(
        "Dial a model and train it",
        icon=":material/tune:",
        type="primary",
        on_click=session.page.put,
        args=("source", "dial"),
        key=named("train.dial"),
    )


def _say(run: Run, record: Mapping[str, Any], curves: Mapping[str, Stretches]) -> None:
    """How far each loss fell; the last stage, which fills in tokens, in the heading."""
    of = {f"record.{name}": f"{shows.a_run(run.recording)} {name}" for name in curves}
    lead = {name: of[name] for name in reversed(of)}
    sentences = [fallen(one.means, one.unit, one.steps) for one in curves.values()]
    panels.heading(f"How this model learned: {sentences[-1]}", run.recording.provenance, lead)
    first = f"{next(iter(curves.values())).title}: {sentences[0]}. " if len(sentences) > 1 else ""
    panels.say(f"{first}{_told(record)}", lead, key="sentence.learned", aside=True)


def _record(run: Run) -> Mapping[str, Any]:
    """Of the model in use; empty where its file has none, or where it is not known which it was."""
    if session.page.get("source") == "own":
        kept = session.page.get(GOOD)
        return kept.inspection.record if isinstance(kept, Opened) else {}
    try:
        shipped = open_models.shipped()
    except CheckpointError:
        return {}
    ours = not isinstance(run, RecordedRun) or _is_of(run, shipped.model)
    return shipped.inspection.record if ours else {}


def _is_of(run: Run, model: "nn.Module") -> bool:
    """Whether a recording is of the weights of a model."""
    return bool(run.recording.provenance.get("weights_digest") == weights_digest(model))


def _told(record: Mapping[str, Any]) -> str:
    seconds, threads = record.get("cpu_seconds_of_last_session"), record.get("threads")
    if not isinstance(seconds, int) or not isinstance(threads, int):
        return "As the record in its file says."
    cores = "one CPU core" if threads == 1 else f"{threads} CPU cores"
    return f"On {cores}, with {duration(seconds)} of computing, by “phenaki-viz train digits”."


def _curve_of(record: Mapping[str, Any], name: str) -> Stretches | None:
    """One stage's curve; None where the record, any file's JSON, holds none."""
    stage = record.get(name)
    if not isinstance(stage, Mapping):
        return None
    means = stage.get("loss_curve")
    counts = [stage.get(key) for key in ("steps", "batch", "clips_per_curve_point")]
    steps, batch, clips = (count if isinstance(count, int) else 0 for count in counts)
    if min(steps, batch, clips) < 1 or not isinstance(means, list) or not means:
        return None
    if not all(isinstance(mean, (int, float)) for mean in means):
        return None
    return Stretches(*STAGES[name], means, width=clips // batch, steps=steps, batch=batch)


def _draw(name: str, curve: Stretches, run: Run) -> None:
    picture = recorded_loss(f"loss_{name}", curve, run.recording.provenance)
    of = f"{shows.a_run(run.recording)} {name}"
    panels.plotly(picture, key=f"record.{name}", height=280, titled=True, shows=of)
    export_icon(f"“{STAGES[name][0]}”", picture.name, lambda: picture, f"record.{name}")
