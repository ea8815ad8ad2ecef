"""A factored map with a damaged part: its rows are no distributions, and are named."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from phenaki_viz.analysis.measures import head_statistics
from phenaki_viz.analysis.rows import wrong_among
from phenaki_viz.analysis.sinks import sink_keys
from phenaki_viz.analysis.thumbnails import thumbnails
from phenaki_viz.analysis.tiles import map_tile
from phenaki_viz.analysis.weight_range import weight_range
from phenaki_viz.data import Clip, read_prompt, sample_clip
from phenaki_viz.figures.attention_views import attention_heatmap
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.overlays import HeadOverFrames
from phenaki_viz.figures.read_views import steps_read
from phenaki_viz.figures.weight_colours import scale_for
from phenaki_viz.models.attention import Attention
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import FactoredMap, HeadMap, parts, record
from phenaki_viz.runs.dialled import run_dialled
from phenaki_viz.runs.files import HEADER, open_recording, save_recording
from phenaki_viz.runs.run import Run

ROWS = range(40, 46)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    config = DialConfig(heads=2, depth=1, dim_head=8, dim=32)
    run = run_dialled(config, sample_clip(), read_prompt("a b"), storage="factored")
    return save_recording(tmp_path_factory.mktemp("damage") / "run.safetensors", run)


def written_over(path, name, change):
    """The file with one tensor's numbers changed, 'b h i …', and as old as files without digests.

    Of a file with digests damage is named when it is opened: `test_files`.
    """
    with safe_open(path, "np") as file:
        texts = dict(file.metadata())
        tensors = {key: file.get_tensor(key).copy() for key in file.keys()}
    change(tensors[name])
    header = json.loads(texts[HEADER])
    assert header.pop("digests")
    other = path.with_name(f"bad_{name}")
    save_file(tensors, other, metadata={HEADER: json.dumps(header)})
    return open_recording(other).recording


def tripled(sums):
    sums[0, 0, ROWS] -= np.log(3)


def shifted(queries):
    queries[0, 0, ROWS] += 0.5


def spoilt(queries):
    queries[0, 0, ROWS] = np.nan


DAMAGE = {"logsumexp": tripled, "q": shifted, "logsumexp ": spoilt, "q ": spoilt}


@pytest.mark.parametrize("part", DAMAGE)
def test_damaged_rows_are_named_wherever_they_are_read(saved, part):
    recording = written_over(saved, f"records.0.{part.strip()}", DAMAGE[part])
    record, wrong = recording.records[0], list(ROWS)
    assert isinstance(record.map, FactoredMap)
    _, _, i, j = record.map.shape
    assert wrong_among(HeadMap(record, 0, 0), [3, 41, 60]) == (41,)
    tile = map_tile(HeadMap(record, 0, 0), (38, 50, 5, 30), 512)
    assert list(tile.wrong) == wrong
    assert np.isinf(tile.values[2:8]).all() and np.isfinite(tile.values[8:]).all()
    pooled = map_tile(HeadMap(record, 0, 0), (0, i, 0, j), 20)
    assert list(pooled.wrong) == wrong and np.isinf(pooled.values).any()
    small = thumbnails([record], [0])
    tall = small.cell[0]
    assert np.isinf(small.values[0, 0, [row // tall for row in ROWS]]).all()
    assert np.isfinite(small.values[0, 1]).all()
    table = head_statistics([record], [0], ["entropy", "top"]).mean("entropy")
    assert np.isnan(table[0, 0]) and np.isfinite(table[0, 1])
    good = open_recording(saved).recording.records[0]
    sound = np.delete(good.map.full(0, 0), wrong, axis=0)
    assert weight_range([HeadMap(record, 0, 0)]).most == pytest.approx(float(sound.max()))
    assert sink_keys(HeadMap(record, 0, 0)).score == pytest.approx(sound.mean(axis=0), abs=1e-5)
    assert record.map.wrong_rows(0, 0).tolist() == wrong
    assert record.map.wrong_rows(0, 1).tolist() == []


def test_damaged_rows_are_named_on_every_picture(saved):
    recording = written_over(saved, "records.0.logsumexp", tripled)
    record = recording.records[0]
    head, scale = Head(recording, record, 0, 0), scale_for(1.0, scope="this head")
    bad, fine = (record.places.coordinates(0) for _ in range(2))
    place = tuple(int(axis[41]) for axis in bad)
    other = tuple(int(axis[7]) for axis in fine)
    frames = np.zeros((9, 64, 64, 3), np.uint8)
    over = HeadOverFrames(head=head, frames=frames, temporal_patch=2, scale=scale)
    said = "not a distribution and not drawn: "
    assert attention_heatmap(head, scale).wrong == tuple(ROWS)
    for picture in (
        over.of_patches([place]),
        steps_read(head, place),
    ):
        assert f"1 row is {said}41" in picture.notes
    assert np.isnan(over.of_patches([place]).weights).all()
    column = over.of_patches([other], direction="column")
    assert f"6 rows are {said}40, 41, 42, 43, 44, 45" in column.notes
    assert np.isnan(column.weights.ravel()[list(ROWS)]).all()
    assert not any("distribution" in note for note in steps_read(head, other).notes)


def test_a_window_of_a_long_map_sums_no_other_rows(saved, monkeypatch):
    monkeypatch.setattr(parts, "BLOCK", 500)
    held = written_over(saved, "records.0.logsumexp", tripled).records[0].map
    read = []
    exact = FactoredMap._weights

    def counted(self, b, heads, queries, keys):
        made = exact(self, b, heads, queries, keys)
        read.append(made.shape[-2])
        return made

    monkeypatch.setattr(FactoredMap, "_weights", counted)
    assert held.wrong_rows(0, 0, (42, 50)).tolist() == [42, 43, 44, 45]
    assert sum(read) == 8
    assert held.wrong_rows(0, 0, (42, 50)).tolist() == [42, 43, 44, 45]
    held.rows(0, 0, [44, 41])
    assert held.wrong_rows(0, 0, (42, 50)).tolist() == [41, 42, 43, 44, 45]
    assert sum(read) == 10
    _, _, i, _ = held.shape
    assert held.wrong_rows(0, 0).tolist() == list(ROWS) and sum(read) == 10 + i - 9


def test_whole_rows_that_were_read_are_not_read_again(saved, monkeypatch):
    held = open_recording(saved).recording.records[0].map
    held.full(0, 0)
    monkeypatch.setattr(FactoredMap, "_weights", None)
    assert held.wrong_rows(0, 0).tolist() == []


@pytest.mark.parametrize(
    ("dtype", "cast"),
    [(torch.bfloat16, None), (torch.float16, None), (torch.float64, None),
     (torch.float32, torch.bfloat16)],
)  # fmt: skip
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_formats_come_back_from_the_file(tmp_path, dtype, cast, storage):
    torch.manual_seed(0)
    attention = Attention(16, heads=2, dim_head=8, causal=True).to(dtype).eval()
    with (
        torch.no_grad(),
        torch.autocast("cpu", cast or torch.bfloat16, enabled=cast is not None),
        record(attention, storage=storage) as recording,
    ):
        attention(torch.randn(1, 12, 16, dtype=dtype))
    run = Run(
        clip=Clip(np.zeros((12, 8, 8, 1), np.uint8), "black"), prompt=read_prompt(""),
        recording=recording, temporal_patch=1, seconds=0.1,
    )  # fmt: skip
    back = open_recording(save_recording(tmp_path / "run.safetensors", run)).recording.records[0]
    kept = recording.records[0]
    assert back.map.precision == kept.map.precision
    assert back.verification == kept.verification and back.verification.verdict == "passed"
    np.testing.assert_allclose(kept.map.full(0, 1), back.map.full(0, 1), rtol=0, atol=1e-6)
    if storage == "factored":
        assert back.map.q.dtype == kept.map.q.dtype == (cast or dtype)
