"""A recording written to a file is the recording; other files are refused in words."""

import json
import os
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
from phenaki_viz.numerics.offsets import OffsetBias
from phenaki_viz.recording import FactoredMap, record
from phenaki_viz.runs.dialled import Padding, run_dialled
from phenaki_viz.runs.files import HEADER, open_recording, recording_bytes, save_recording
from phenaki_viz.runs.run import Run

SMALL = {"heads": 3, "depth": 2, "dim": 32, "dim_head": 8, "height": 32, "width": 32}


def dialled(storage, **changes):
    config = DialConfig(**(SMALL | {"frames": 5, "cross": True} | changes))
    padding = Padding(words=2 if config.cross else 0, steps=1 if config.layout == "joint" else 0)
    return run_dialled(config, sample_clip(), read_prompt("a <b> c"), padding, storage=storage)


def same(one, other):
    return (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("storage", ["dense", "factored"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"causal": True}, {"layout": "factorised", "cross": False, "causal": True}],
    ids=["joint", "causal", "factorised"],
)
def test_what_comes_back_is_what_was_kept(tmp_path, storage, changes):
    run = dialled(storage, **changes)
    back = open_recording(save_recording(tmp_path / "run.safetensors", run))
    assert back.recording.provenance == run.recording.provenance
    assert back.recording.storage == run.recording.storage
    assert back.prompt == run.prompt and back.temporal_patch == run.temporal_patch
    assert back.clip.digest == run.clip.digest and back.clip.name == run.clip.name
    assert len(back.recording) == len(run.recording)
    for one, other in zip(run.recording, back.recording, strict=True):
        assert one.map.storage == other.map.storage == storage
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
    with torch.inference_mode(), record(attention, storage="factored", extras=extras) as recording:
        attention(torch.randn(1, 6, 16), attn_bias=bias)
        if kind == "shared":
            attention(torch.randn(1, 6, 16), attn_bias=bias)
    clip = Clip(np.zeros((6, 8, 8, 1), np.uint8), "black")
    run = Run(
        clip=clip, prompt=read_prompt(""), recording=recording,
        temporal_patch=1, seconds=0.1,
    )  # fmt: skip
    back = open_recording(save_recording(tmp_path / "run.safetensors", run)).recording
    for one, other in zip(recording, back, strict=True):
        assert isinstance(other.map, FactoredMap)
        np.testing.assert_array_equal(one.map.full(0, 1), other.map.full(0, 1))
        np.testing.assert_array_equal(one.alibi.slopes, other.alibi.slopes)
        for name in extras:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


HOW = {"read into memory": None, "private copy": 1000}  # bytes from which a file is copied


@pytest.fixture(params=HOW, ids=["in memory", "copied"])
def way(request, tmp_path, monkeypatch):
    """Both ways a recording is opened: a small one, and one that is large for this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if HOW[request.param]:
        monkeypatch.setattr("phenaki_viz.recording.files.SMALL", HOW[request.param])
    return request.param


def truncated(path):
    os.truncate(path, 3000)


def overwritten(path):
    raw = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(raw) // 2)
        file.write(bytes(len(raw) - len(raw) // 2))


def gone(path):
    path.unlink()


@pytest.mark.parametrize("change", [truncated, overwritten, gone])
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_what_is_open_stays_whatever_happens_to_its_file(tmp_path, way, storage, change):
    path = save_recording(tmp_path / "run.safetensors", dialled(storage))
    sealed = path.read_bytes()
    for source in (path, ("up.safetensors", sealed)):
        path.write_bytes(sealed)
        exact = [each.map.full(0, 1) for each in open_recording(source).recording]
        back = open_recording(source)
        assert way in back.kept and back.kept.endswith("checked against its digests")
        assert str(path) not in Path("/proc/self/maps").read_text()
        change(path)
        for one, other in zip(exact, back.recording, strict=True):
            np.testing.assert_array_equal(one, other.map.full(0, 1))
    assert not list(tmp_path.glob("cache/**/*.part"))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, way, monkeypatch):
    from phenaki_viz.recording import files

    path = save_recording(tmp_path / "run.safetensors", dialled("dense"))
    read = files._tensors
    for change in (truncated, overwritten):
        whole = path.read_bytes()

        def meanwhile(*args, change=change):
            change(path)
            return read(*args)

        monkeypatch.setattr(files, "_tensors", meanwhile)
        with pytest.raises(RecordingError, match="changed while it was read"):
            open_recording(path)
        path.write_bytes(whole)


def test_no_room_for_a_private_copy_is_said_before_it_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr("phenaki_viz.recording.files.SMALL", 1000)
    monkeypatch.setattr("phenaki_viz.recording.private.free_bytes", lambda folder: 5000)
    path = save_recording(tmp_path / "run.safetensors", dialled("dense"))
    with pytest.raises(RecordingError, match=r"looked at in a copy.*5,000 bytes are free in"):
        open_recording(path)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_damage_to_any_tensor_is_named(tmp_path, way, storage):
    path = save_recording(tmp_path / "run.safetensors", dialled(storage, causal=True))
    whole = path.read_bytes()
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8 : 8 + length])
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        at = 8 + length + (entry["data_offsets"][0] + entry["data_offsets"][1]) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(RecordingError, match=f"the numbers of {name} are not those that were"):
            open_recording(path)


def test_damage_to_the_description_is_named(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("factored", causal=True))
    whole = path.read_bytes()
    for old, new in ((b"true", b"null"), (b"self", b"selF"), (b"a <b> c", b"a <d> c")):
        assert old in whole
        path.write_bytes(whole.replace(old, new, 1))
        with pytest.raises(RecordingError, match=r"description|header is damaged"):
            open_recording(path)


def test_files_from_before_there_were_digests_open(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("dense"))
    older = rewritten(path, lambda header: None)
    back = open_recording(older)
    assert "without digests" in back.kept
    exact = open_recording(path).recording.records[0].map.full(0, 2)
    np.testing.assert_array_equal(back.recording.records[0].map.full(0, 2), exact)


def test_a_file_in_memory_is_the_file(tmp_path):
    run = dialled("dense")
    path = save_recording(tmp_path / "run.safetensors", run)
    assert recording_bytes(run) == path.read_bytes() == recording_bytes(run)


def test_an_older_file_is_replaced_and_what_is_open_stays(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("dense"))
    back = open_recording(path)
    exact = dialled("dense").recording.records[0].map.full(0, 2)
    save_recording(path, dialled("factored", seed=7))
    np.testing.assert_array_equal(back.recording.records[0].map.full(0, 2), exact)
    assert open_recording(path).recording.records[0].map.storage == "factored"
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_files_that_are_none_are_refused(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("dense"))
    whole = path.read_bytes()
    for name, content in (
        ("short", whole[: len(whole) // 2]),
        ("header", whole[:100]),
        ("empty", b""),
        ("text", b"these are notes, no recording at all"),
    ):
        damaged = tmp_path / f"{name}.safetensors"
        damaged.write_bytes(content)
        with pytest.raises(RecordingError, match="cannot be opened: it is cut short"):
            open_recording(damaged)
    weights = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(3)}, weights)
    with pytest.raises(RecordingError, match="but no recording of phenaki_viz"):
        open_recording(weights)
    with pytest.raises(RecordingError, match="does not exist"):
        open_recording(tmp_path / "nowhere.safetensors")


def rewritten(path, change):
    """The file with its header changed, as one without digests."""
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"][HEADER])
    del header["digests"]
    change(header)
    other = path.with_name("other.safetensors")
    save_file(load_file(path), other, metadata={HEADER: json.dumps(header)})
    return other


def test_headers_that_do_not_fit_are_refused(tmp_path):
    path = save_recording(tmp_path / "run.safetensors", dialled("factored"))
    with pytest.raises(RecordingError, match="format 3; this version reads formats 1 and 2"):
        open_recording(rewritten(path, lambda header: header.update(format=3)))
    for change in (
        lambda header: header["records"][0].update(heads=[0, 1]),
        lambda header: header["records"][0].pop("module"),
        lambda header: header["records"].append({**header["records"][0]}),
        lambda header: header["records"][0].update(num_null_kv=1),
        lambda header: header.update(records=[]),
        lambda header: header.pop("storage"),
        lambda header: header["position_biases"][0].update(dimensions=[9, 9, 9]),
    ):
        with pytest.raises(RecordingError, match="cannot be opened: its header"):
            open_recording(rewritten(path, change))


def test_a_folder_is_made_and_one_that_cannot_be_leaves_nothing_behind(tmp_path):
    path = save_recording(tmp_path / "runs" / "of today" / "run.safetensors", dialled("dense"))
    assert len(open_recording(path).recording)
    with pytest.raises(ExportError, match="could not be written"):
        save_recording(path / "no" / "run.safetensors", dialled("dense"))
    assert [one.name for one in path.parent.iterdir()] == [path.name]
