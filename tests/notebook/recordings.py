"""A small model's run: 12 tokens in 2 steps that read 3 words, and frames of a clip."""

from functools import cache

import torch

from phenaki_viz import Recording, record
from phenaki_viz.browser.linked import Linked
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.runs.saving import run_of
from tests.recording.calls import maskgit


@cache
def small() -> Recording:
    model = maskgit()
    codes = torch.randint(0, 11, (1, 2, 2, 3), generator=torch.Generator().manual_seed(5))
    context = torch.randn(1, 3, 7, generator=torch.Generator().manual_seed(6))
    with torch.no_grad(), record(model, words=("a", "<b>b", "c")) as made:
        model(codes, context=context)
    return made


def linked_of(recording: Recording, kind: str = "self") -> Linked:
    return Linked(run_of(recording), kind=kind, colours=Colours("sqrt"))
