"""Interventions without a switch of their own: what is in force, in the order of the requests.

In the link they are JSON, as `interventions.to_json` writes it; a head at its mean stands there
without the numbers, which are measured where it is used, and the map of another run by that run.
"""

import json
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from phenaki_viz.data import DIGIT_CLIPS, digit_clip, read_prompt
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.evaluation.changes import mean_of_head
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.recording.interventions import (
    Intervention,
    Interventions,
    MeanHead,
    TransferMap,
    as_dict,
    check_fits,
    from_json,
)
from phenaki_viz.ui.session import page
from phenaki_viz.ui.source import transferred
from phenaki_viz.ui.state.link import say_in_url
from phenaki_viz.ui.work import computed
from phenaki_viz.ui.work.shelves import number_of

if TYPE_CHECKING:
    from torch import nn

KEY = "changes"
MOST = 24  # at once
LONGEST = 4000  # letters of them in a link
CLIPS = 10  # over which a head's mean output is taken
UNMEASURED = {"mean": [0.0], "over": "clips"}  # of a head at its mean, in a link


def requested() -> Interventions:
    """All changes of the page, whether this model has them or not; means are not measured yet."""
    if not page.has(KEY):
        page.put(KEY, _linked(st.query_params.get(KEY, "")))
    found: Interventions = page.held(KEY)
    return found


def in_force(model: "nn.Module") -> Interventions:
    """What is changed in this model; what does not fit it is said, and left out."""
    given, left_out = requested(), []
    say_in_url(KEY, _text(given))
    fitting: list[Intervention] = []
    for one in given:
        try:
            measured = _measured(model, one)
            check_fits(model, [*fitting, measured])
        except PhenakiVizError as error:
            left_out.append(str(error))
        else:
            fitting.append(measured)
    for why in left_out:
        st.warning("A change does not fit this model and is left out.", icon=":material/undo:")
        st.text(why)
    return tuple(fitting)


def add(one: Intervention) -> None:
    """Add one; the same twice is once. A callback."""
    kept = [each for each in requested() if each != one]
    page.put(KEY, (*kept, one)[-MOST:])


def take_back(one: Intervention) -> None:
    """Remove one; a callback."""
    plain = _plain(one)
    page.put(KEY, tuple(each for each in requested() if _plain(each) != plain))


def take_all_back() -> None:
    """Remove all; a callback."""
    page.put(KEY, ())


def mean(module: str, head: int) -> MeanHead:
    """A head at its mean, which is measured where it is used."""
    return MeanHead(module=module, head=head, mean=(0.0,), over="clips")


def _measured(model: "nn.Module", one: Intervention) -> Intervention:
    if isinstance(one, TransferMap):
        return transferred.with_map(model, one, partial(take_back, one))
    if not isinstance(one, MeanHead):
        return one

    def measure() -> MeanHead:
        captions = list(DIGIT_CLIPS.values())[:CLIPS]
        clips = [(digit_clip(caption), read_prompt(caption)) for caption in captions]
        return mean_of_head(model, trials(model, clips, masks=1), one.module, one.head)

    return computed.once(("mean of head", number_of(model), one.module, one.head), measure)


def _plain(one: Intervention) -> dict[str, Any]:
    values = as_dict(one)
    if isinstance(one, TransferMap):
        return _named(one, values)
    return {k: v for k, v in values.items() if k not in UNMEASURED} if "mean" in values else values


def _named(one: TransferMap, values: dict[str, Any]) -> dict[str, Any]:
    """By the run that its map is of, where that is known, and as short as can be."""
    if one.clip or one.recording:
        values = {**values, "digest": ""}
    usual = {each.name: each.default for each in fields(one)}
    return {name: value for name, value in values.items() if name == "do" or value != usual[name]}


def _text(given: Interventions) -> str:
    return json.dumps([_plain(one) for one in given], ensure_ascii=False) if given else ""


def _linked(text: str) -> Interventions:
    """The changes of a link; () where it cannot be read."""
    if not text or len(text) > LONGEST:
        return ()
    try:
        changes = json.loads(text)
        full = [{**UNMEASURED, **one} if one.get("do") == MeanHead.kind else one for one in changes]
        return from_json(json.dumps(full))[:MOST]
    except (ValueError, TypeError, AttributeError, RecursionError):  # ConfigError is a ValueError
        st.warning("The changes in the link cannot be read.", icon=":material/link_off:")
        return ()
