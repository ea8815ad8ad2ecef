"""What A is compared with: the choice and its box, each saying B in words and as a request."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from phenaki_viz.data import DIGIT_CLIPS, SAMPLES, Clip, digit_clip, read_prompt, sample_clip
from phenaki_viz.data.digits import other_words
from phenaki_viz.figures.intervention_words import all_names
from phenaki_viz.figures.naming import head_label, module_family
from phenaki_viz.models import CViViT
from phenaki_viz.recording import attention_modules
from phenaki_viz.recording.select import stack_and_layer
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.live import find_model
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.model_parts import eyes_of
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.session import named
from phenaki_viz.ui.source import other_file, other_pass
from phenaki_viz.ui.source.other_run import Change, Other, at_step, cancellable, changed
from phenaki_viz.ui.source.trained import LONGEST, reads_text, whole
from phenaki_viz.ui.state.link import in_link, say_in_url
from phenaki_viz.ui.state.offers import among
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.work.trainings import trained_copy, used

WITH, SAY, SAY_NUMBER, SAY_LINKED = "with", "with_say", "with_say.number", "with_say.linked"
CLIPS = {**{title: title for title in DIGIT_CLIPS.values()}, **SAMPLES}
KINDS = {
    "prompt": "With another prompt",
    "clip": "With another clip",
    "seed": "With another seed",
    "off": "With heads off",
    "sampled": "Two decoding steps",
    "pass": "With another step or pass",
    "training": "With a training step",
    "file": "With a file",
}


def choose(run: Run) -> Other | None:
    """Draw the choice and its box; None while something is still to be chosen, which is said."""
    kinds = [name for name in KINDS if _OFFERED[name](run)]
    session.fall_back(WITH, (None, *kinds), kinds[0])
    kind = st.selectbox(
        "Compare with", kinds, format_func=KINDS.__getitem__, width=190,
        label_visibility="collapsed",
        help="One thing is another in B, the rest is as in A: what the app looks at",
        **among(WITH, [KINDS[name] for name in kinds]),
    )  # fmt: skip
    return _BOXES[kind](run)


def _prompt(run: Any) -> Other:
    """Another text: the typed one, or the text with another digit."""
    text = read_prompt(_typed(run.prompt.text))
    return Other(
        a=_quoted(run.prompt.text), b=_quoted(text.text), seconds=run.seconds,
        wanted=cancellable(changed(run, Change(prompt=text))),
    )  # fmt: skip


def _typed(text: str) -> str:
    """The box of B's prompt: a new one for every prompt of A, which B follows until it is typed.

    In the same box, what a browser has not heard of yet would be sent back as if it were typed.
    """
    first = other_words(text)
    linked = session.first(SAY_LINKED, in_link(SAY))
    number, of, value = session.first(SAY_NUMBER, (0, text, linked or first))
    if of != text:
        number, value = number + 1, first
        session.put(SAY_NUMBER, (number, text, value))
    typed = st.text_input(
        "B's prompt", value=value, key=named(f"{SAY}.{number}"), max_chars=LONGEST, width=220,
        label_visibility="collapsed", help="The same clip and masked tokens, told this",
        persist_state="session",
    )  # fmt: skip
    say_in_url(SAY, "" if typed == first else typed)
    return typed


def _clip(run: Any) -> Other:
    titles = [name for name, title in CLIPS.items() if title != run.clip.name]
    name = _select("B's clip", titles, "with_clip", "The same text and masked tokens, another clip",
                   said=CLIPS.__getitem__)  # fmt: skip
    return Other(
        a=f"clip “{run.clip.name}”", b=f"clip “{CLIPS[name]}”", seconds=run.seconds,
        wanted=cancellable(changed(run, Change(clip=_read(name)))),
    )  # fmt: skip


@st.cache_resource(show_spinner=False)
def _read(name: str) -> Clip:
    return sample_clip(name) if name in SAMPLES else digit_clip(name)


def _seed(run: Any) -> Other:
    """Of a trained model: other masked tokens; of a dialled one: other random weights."""
    dialled = isinstance(run, DialledRun)
    own = run.config.seed if dialled else run.options.seed
    what = "weights" if dialled else "masked tokens"
    seed = int(st.number_input(
        f"Seed of the {what}", 0, 2**31 - 1, own + 1, key=named("with_seed"), width=160,
        label_visibility="collapsed", help=f"Seed of the {what} in B; A has {own}", **BOUND,
    ))  # fmt: skip
    return Other(
        a=f"{what} of seed {own}", b=f"{what} of seed {seed}", seconds=run.seconds,
        wanted=cancellable(changed(run, Change(seed=seed))),
    )  # fmt: skip


def _off(run: Any) -> Other:
    """Heads switched off in B; where A has some off, B begins with all on."""
    model = find_model(run)
    labels = {
        f"{module_family(name)} {head_label(stack_and_layer(name)[1], head)}": (name, head)
        for name, module in (attention_modules(model).items() if model else ())
        for head in range(module.heads)
    }
    session.keep_options("with_off", labels)
    own = [label for label in labels if label.startswith("self")] or list(labels)
    first = [] if run.options.switches else own[:1]
    off = st.multiselect(
        "Heads off in B", list(labels), first, width=220,
        placeholder="all heads are on", label_visibility="collapsed",
        help="The maps of later layers change with what a head no longer writes",
        **among("with_off", labels),
    )  # fmt: skip
    switches = Switches(off=frozenset(labels[label] for label in off))
    on = "nothing changed" if run.options.switches.also else "every head on"
    return Other(
        a=_switched(run.options.switches), b=", ".join(off) + " off" if off else on,
        seconds=run.seconds, wanted=cancellable(changed(run, Change(switches=switches))),
    )  # fmt: skip


def _switched(switches: Switches) -> str:
    """What is off in A, as the sidebar has it, or all that What if changed."""
    if switches.also:
        return all_names(switches.interventions)
    heads = sorted(
        f"{module_family(module)} {head_label(stack_and_layer(module)[1], head)}"
        for module, head in switches.off
    )
    cut = ["layers cut"] if switches.depth else []
    off = [f"{', '.join(heads)} off"] if heads else []
    return ", ".join((*off, *cut)) or "every head on"


def _training(run: Any) -> Other:
    """The dialled model at a kept step of its training; A is what the app shows of it."""
    found = trained_copy(run.config)
    assert found is not None  # else it is not offered
    job, last = found
    now = used(run.config)
    own = "random weights" if now is None else f"training step {now.step}"
    steps = [step for step in job.kept_steps if now is None or step != now.step] or [last]
    first = steps[-1] if now is None else steps[0]
    step = _select("Training step of B", steps, "with_step", "Weights that the training kept",
                   first=first, said=lambda at: f"training step {at:,}")  # fmt: skip
    return Other(
        a=own,
        b=f"training step {step}",
        seconds=run.seconds,
        wanted=cancellable(at_step(run, job, step)),
    )


def _select(
    label: str, options: list[Any], key: str, about: str, *, first: Any = None, said: Any = str
) -> Any:
    """A select box that forgets a choice which there is no more."""
    first = options[0] if first is None else first
    session.fall_back(key, options, first)
    return st.selectbox(
        label, options, options.index(first), width=220, help=about, format_func=said,
        label_visibility="collapsed", **among(key, map(said, options)),
    )  # fmt: skip


def _quoted(text: str) -> str:
    return f"“{text}”" if text else "no text"


def _is_live(run: Run) -> bool:
    return isinstance(run, (ModelRun, DialledRun)) and find_model(run) is not None


def _reads(run: Run) -> bool:
    if isinstance(run, DialledRun):
        return run.config.cross
    model = find_model(run)
    return _is_live(run) and model is not None and reads_text(model)


def _sees(run: Run) -> bool:
    model = find_model(run)
    return isinstance(run, DialledRun) or (
        _is_live(run) and model is not None and eyes_of(model) is not None
    )


def _masks(run: Run) -> bool:
    return _is_live(run) and not isinstance(find_model(run), CViViT)


def _samples(run: Run) -> bool:
    model = find_model(run)
    return isinstance(run, ModelRun) and model is not None and whole(model)


_OFFERED: dict[str, Callable[[Run], bool]] = {
    "prompt": _reads,
    "clip": _sees,
    "seed": _masks,
    "off": lambda run: isinstance(run, ModelRun) and find_model(run) is not None,
    "sampled": _samples,
    "pass": lambda run: len(other_pass.labels(run.recording.whole)) > 1,
    "training": lambda run: isinstance(run, DialledRun) and trained_copy(run.config) is not None,
    "file": lambda run: True,
}
_BOXES: dict[str, Callable[[Any], Other | None]] = {
    "prompt": _prompt,
    "clip": _clip,
    "seed": _seed,
    "off": _off,
    "sampled": other_pass.sampled,
    "pass": other_pass.box,
    "training": _training,
    "file": other_file.box,
}
