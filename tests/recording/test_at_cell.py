"""The edge behind a cell of a map: which cut takes it away, and nothing else."""

import numpy as np
import pytest
import torch

from phenaki_viz import models, record
from phenaki_viz.recording.interventions import intervened
from phenaki_viz.recording.interventions.at_cell import cut_at
from tests.recording.models import inputs
from tests.recording.test_interventions import CROSS, SELF, made


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "query", "key", "gone"),
    [
        (SELF.format(1), 18, 11, [11]),
        (CROSS.format(0), 7, 4, [4]),
        (CROSS.format(1), 29, 0, [0, 1]),  # null keys are cut together
    ],
)
def test_it_is_gone_from_that_row_alone(name, query, key, gone):
    model = made(models)
    with record(model) as before:
        model(*inputs())
    record_of = {one.module: one for one in before}
    cut = cut_at(record_of[name].head(2, 1), query, key)
    with intervened(model, [cut]), record(model) as after:
        model(*inputs())
    one = next(one for one in after if one.module == name)
    for head in range(3):
        rows = one.map.full(1, head)
        nothing = np.argwhere(rows == 0).tolist()
        assert nothing == ([[query, at] for at in gone] if head == 2 else [])
