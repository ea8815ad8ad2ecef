"""B is another pass of A's own recording: a decoding step, with or without the text, another call.

Of a look at a trained model a video is sampled, and A and B are two of its decoding steps.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from phenaki_viz.figures.naming import branch_name
from phenaki_viz.recording import Recording
from phenaki_viz.recording.passes import WITH_TEXT, Pass
from phenaki_viz.runs.live import model_of
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.model_parts import most_frames
from phenaki_viz.runs.run import Run
from phenaki_viz.runs.sampled import Sampling
from phenaki_viz.ui import session
from phenaki_viz.ui.source.other_run import Other, cancellable
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.work import run_parts
from phenaki_viz.ui.work.requests import SampleRequest

STEPS, GUIDANCE, HEAT, SEED = 18, 3.0, 0.9, 15  # where the Sampling page begins, too
Label = tuple[int | None, str | None, int]  # decoding step, branch, which of several runs


def labels(recording: Recording) -> list[Label]:
    """What tells the passes of a recording apart, in the order in which they began.

    Stacks that have no labels, such as the C-ViViT before a sampling, belong to all that have.
    """
    every = dict.fromkeys((one.step, one.branch, one.number) for one in recording.passes())
    labelled = [one for one in every if one[0] is not None or one[1]]
    return labelled or list(every)


def said(label: Label) -> str:
    """'decoding step 3, with the text'."""
    step, branch, number = label
    words = [f"decoding step {step + 1}"] if step is not None else []
    words += [branch_name(branch)] if branch else []
    words += [f"run {number + 1}"] if number or not words else []
    return ", ".join(words)


def box(run: Run) -> Other:
    """Another pass of the recording that is looked at."""
    recording = run.recording.whole
    mine = _label(run.recording.passes())
    others = [one for one in labels(recording) if one != mine]
    at = _choose("B's pass", [said(one) for one in others], "with_pass", 0)
    return Other(a=said(mine), b=said(others[at]), part_b=partial(_part, label=others[at]))


def sampled(run: Any) -> Other:
    """Two decoding steps of a video that is sampled from A's text."""
    model: Any = model_of(run)
    steps = int(session.get("decoding", STEPS))
    sampling = Sampling(
        frames=most_frames(model, 10**6), guidance=float(session.get("guidance", GUIDANCE)),
        steps=steps, temperature=float(session.get("temperature", HEAT)),
        seed=int(session.get("sample_seed", SEED)), priming=0,
    )  # fmt: skip
    names = [f"decoding step {at + 1}" for at in range(steps)]
    a = _choose("A's decoding step", names, "with_from", 0)
    b = _choose("B's decoding step", names, "with_to", steps - 1)
    return Other(
        a=names[a], b=names[b], seconds=run.seconds * 2 * steps,
        wanted=cancellable(_request(run, model, sampling), "Sampling: decoding step"),
        part_a=partial(_part, label=(a, WITH_TEXT, 0)),
        part_b=partial(_part, label=(b, WITH_TEXT, 0)),
    )  # fmt: skip


def _request(run: ModelRun, model: Any, sampling: Sampling) -> SampleRequest:
    return SampleRequest(
        model=model, prompt=run.prompt, sampling=sampling, switches=run.options.switches,
        storage=run.options.storage,
    )  # fmt: skip


def _choose(label: str, options: list[str], key: str, first: int) -> int:
    session.fall_back(key, options, options[first])
    chosen = st.selectbox(
        label, options, first, width=220, help=label, label_visibility="collapsed",
        **among(key, options),
    )  # fmt: skip
    return options.index(chosen)


def _label(passes: tuple[Pass, ...]) -> Label:
    """Of a part that is one pass: what it is called."""
    one = max(passes, key=lambda found: found.step is not None or bool(found.branch))
    return one.step, one.branch, one.number


def _part(run: Run, label: Label) -> Run:
    """The part of a run that is one pass; without guidance no pass has a branch."""
    step, branch, number = label

    def made() -> Run:
        recording = run.recording.whole
        known = {one.branch for one in recording.passes()}
        part = recording.one_pass(
            branch=branch if branch in known else None, step=step, number=number
        )
        return replace(run, recording=part) if part.records else run

    made_now: Callable[[], Run] = made
    return run_parts.part(run, ("compare", *label), made_now)
