"""A small model's run: 12 tokens in 2 steps that read 3 words, and frames of a clip."""

import pytest
import torch

from phenaki_viz import record
from phenaki_viz.browser.linked import Linked
from phenaki_viz.figures.attention_views import Colours
from phenaki_viz.runs.saving import run_of
from tests.recording.calls import maskgit


@pytest.fixture(scope="session")
def recording():
    model = maskgit()
    codes = torch.randint(0, 11, (1, 2, 2, 3), generator=torch.Generator().manual_seed(5))
    context = torch.randn(1, 3, 7, generator=torch.Generator().manual_seed(6))
    with torch.no_grad(), record(model, words=("a", "<b>b", "c")) as made:
        model(codes, context=context)
    return made


@pytest.fixture(scope="session")
def linked(recording):
    return Linked(run_of(recording), kind="self", colours=Colours("sqrt"))


@pytest.fixture(scope="session")
def second(recording):
    """The call of layer 1."""
    (one,) = recording.select(kind="self", layer=1)
    return one
