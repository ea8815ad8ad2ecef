"""Left to choose, maps are dense while they are short, and factored where that is cheaper."""

import pytest
import torch

from phenaki_viz import models
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import describe_storage, record
from phenaki_viz.recording.storage import StorageReport
from tests.published import published_attention

LONG, SHORT = (1, 32, 32), (1, 31, 33)  # 1,024 tokens, 1,023


def transformer(classes=models, **options):
    torch.manual_seed(0)
    return classes.Transformer(16, depth=1, heads=2, dim_head=8, **options).eval()


def forward(model, grid=LONG, bias=None):
    torch.manual_seed(1)
    x = torch.randn(1, grid[1] * grid[2], 16)
    return model(x, video_shape=(1, *grid), attn_bias=bias)


def recorded(model, grid=LONG, bias=None, **options):
    with torch.no_grad(), record(model, **options) as recording:
        forward(model, grid, bias)
    return recording


def held(recording):
    (record,) = recording
    return record.map.storage


@pytest.mark.parametrize(
    ("grid", "options", "found"),
    [
        (LONG, {}, "factored"),
        (SHORT, {}, "dense"),
        (LONG, {"heads": [1]}, "factored"),
        (LONG, {"dtype": torch.float16}, "dense"),
        (LONG, {"storage": "dense"}, "dense"),
        (SHORT, {"storage": "factored"}, "factored"),
    ],
)
def test_length_decides_unless_the_user_did(grid, options, found):
    assert held(recorded(transformer(), grid, **options)) == found


def test_a_table_of_offsets_is_no_reason_to_store_and_a_bias_of_all_pairs_is():
    table = OffsetBias(torch.randn(2, 1, 63, 63), LONG)
    assert held(recorded(transformer(), bias=table)) == "factored"
    assert held(recorded(transformer(), bias=table.dense())) == "dense"


def test_maps_that_are_made_in_any_case_are_stored():
    assert held(recorded(transformer(published_attention()))) == "dense"
    learning = transformer().train()
    with record(learning) as recording:
        forward(learning)
    assert held(recording) == "dense"


def test_the_model_computes_the_very_same_numbers():
    model = transformer()
    with torch.no_grad():
        alone = forward(model)
        with record(model) as recording:
            watched = forward(model)
    assert held(recording) == "factored" and recording[0].verification.verdict == "passed"
    assert torch.equal(alone, watched)


def test_it_says_which_and_why():
    long, short = recorded(transformer()), recorded(transformer(), SHORT)
    assert "dense they would take 8.4 MB, and take longer to record" in describe_storage(long)
    assert "factored: dense they would take 8.4 MB" in repr(long)
    assert describe_storage(short).endswith("dense (8.4 MB), the fastest to read at this length")
    large = recorded(transformer(), SHORT, limit_bytes=10**6)
    assert "dense they would take 8.4 MB, more than 1.0 MB" in repr(large)
    assert StorageReport(asked="factored").why_factored == "as asked"
