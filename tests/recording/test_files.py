"""A recording written to a file is the recording; other files are refused in words."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from phenaki_viz.data import Clip, read_prompt, sample_clip
from phenaki_viz.errors import ExportError, RecordingError
from phenaki_viz.models.attention import Attention
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.models.offsets import OffsetBias
from phenaki_viz.recording import PartsMap, record
from phenaki_viz.recording.dialled import Padding, run_dialled
from phenaki_viz.recording.files import HEADER, open_recording, save_recording
from phenaki_viz.recording.run import Run

SMALL = {"heads": 3, "depth": 2, "dim": 32, "dim_head": 8, "height": 32, "width": 32}


def dialled(hold, **changes):
    config = DialConfig(**(SMALL | {"frames": 5, "cross": True} | changes))
    padding = Padding(words=2 if config.cross else 0, steps=1 if config.layout == "joint" else 0)
    return run_dialled(config, sample_clip(), read_prompt("a <b> c"), padding, hold=hold)


def same(one, other):
    return (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("hold", ["stored", "parts"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"causal": True}, {"layout": "factorised", "cross": False, "causal": True}],
    ids=["joint", "causal", "factorised"],
)
def test_what_comes_back_is_what_was_kept(tmp_path, hold, changes):
    run = dialled(hold, **changes)
    back = open_recording(save_recording(tmp_path / "run.safetensors", run))
    assert back.recording.made_by == run.recording.made_by
    assert back.recording.holding == run.recording.holding
    assert back.prompt == run.prompt and back.temporal_patch == run.temporal_patch
    assert back.clip.digest == run.clip.digest and back.clip.name == run.clip.name
    assert len(back.recording) == len(run.recording)
    for one, other in zip(run.recording, back.recording, strict=True):
        assert one.map.held == other.map.held == {"stored": "stored", "parts": "by parts"}[hold]
        b, h, i, j = one.map.shape
        for item, head in ((0, 0), (b - 1, h - 1)):
            # Parts in another layout are multiplied in another order.
            np.testing.assert_allclose(
                one.map.full(item, head), other.map.full(item, head), rtol=0, atol=1e-6
            )
        for name in (
            "module",
            "stack",
            "kind",
            "places",
            "words",
            "causal",
            "heads",
            "verification",
        ):
            assert getattr(one, name) == getattr(other, name), name
        assert same(one.key_mask, other.key_mask)
        np.testing.assert_array_equal(
            one.hidden(0, (0, i), (0, j)), other.hidden(0, (0, i), (0, j))
        )
    for name, bias in run.recording.position_biases.items():
        np.testing.assert_array_equal(bias.surface, back.recording.position_biases[name].surface)


@pytest.mark.parametrize("kind", ["dense", "shared", "table"])
def test_a_bias_of_any_kind_and_extras_are_kept(tmp_path, kind):
    torch.manual_seed(0)
    attention = Attention(16, heads=2, dim_head=8, causal=True).eval()
    surface = torch.randn(2, 3, 5)
    bias = OffsetBias(surface, (2, 3)) if kind == "table" else torch.randn(2, 6, 6)
    extras = ("queries", "keys", "values")
    with torch.inference_mode(), record(attention, hold="parts", extras=extras) as recording:
        attention(torch.randn(1, 6, 16), attn_bias=bias)
        if kind == "shared":
            attention(torch.randn(1, 6, 16), attn_bias=bias)
    clip = Clip(np.zeros((6, 8, 8, 1), np.uint8), "black")
    run = Run(
        clip=clip, prompt=read_prompt(""), model=attention, recording=recording,
        temporal_patch=1, seconds=0.1,
    )  # fmt: skip
    back = open_recording(save_recording(tmp_path / "run.safetensors", run)).recording
    for one, other in zip(recording, back, strict=True):
        assert isinstance(other.map, PartsMap)
        np.testing.assert_array_equal(one.map.full(0, 1), other.map.full(0, 1))
        np.testing.assert_array_equal(one.alibi.slopes, other.alibi.slopes)
        for name in extras:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_the_maps_stay_on_the_disk_until_they_are_looked_at(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("stored"))
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("memory maps are listed on Linux only")
    assert str(path) not in maps.read_text()
    back = open_recording(path)
    assert str(path) in maps.read_text() and back.recording.nbytes > 0


def test_an_older_file_is_replaced_and_what_is_open_stays(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("stored"))
    back = open_recording(path)
    exact = dialled("stored").recording.records[0].map.full(0, 2)
    save_recording(path, dialled("parts", seed=7))
    np.testing.assert_array_equal(back.recording.records[0].map.full(0, 2), exact)
    assert open_recording(path).recording.records[0].map.held == "by parts"
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_files_that_are_none_are_refused(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("stored"))
    whole = path.read_bytes()
    for name, content in (
        ("short", whole[: len(whole) // 2]),
        ("header", whole[:100]),
        ("empty", b""),
        ("text", b"these are notes, no recording at all"),
    ):
        damaged = tmp_path / f"{name}.safetensors"
        damaged.write_bytes(content)
        with pytest.raises(RecordingError, match="cannot be opened: it is cut"):
            open_recording(damaged)
    weights = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(3)}, weights)
    with pytest.raises(RecordingError, match="but no recording of phenaki_viz"):
        open_recording(weights)
    with pytest.raises(RecordingError, match="cannot be read"):
        open_recording(tmp_path / "nowhere.safetensors")


def rewritten(path, change):
    """The file with its header changed."""
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"][HEADER])
    change(header)
    other = path.with_name("other.safetensors")
    save_file(load_file(path), other, metadata={HEADER: json.dumps(header)})
    return other


def test_headers_that_do_not_fit_are_refused(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("parts"))
    with pytest.raises(RecordingError, match="format 2; this version reads format 1: update"):
        open_recording(rewritten(path, lambda header: header.update(format=2)))
    for change in (
        lambda header: header["records"][0].update(heads=[0, 1]),
        lambda header: header["records"][0].pop("module"),
        lambda header: header["records"].append({**header["records"][0]}),
        lambda header: header["records"][0].update(num_null_kv=1),
        lambda header: header.update(records=[]),
        lambda header: header.pop("holding"),
        lambda header: header["position_biases"][0].update(dimensions=[9, 9, 9]),
    ):
        with pytest.raises(RecordingError, match="cannot be opened: its header"):
            open_recording(rewritten(path, change))


def test_a_full_or_missing_folder_leaves_nothing_behind(tmp_path):
    with pytest.raises(ExportError, match="could not be written"):
        save_recording(tmp_path / "no" / "run.safetensors", dialled("stored"))
    assert not list(tmp_path.iterdir())
