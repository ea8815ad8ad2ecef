"""From Python: a recording is printed, selected, saved and opened again."""

import json
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import phenaki_viz
from phenaki_viz import record
from phenaki_viz.data import Clip
from phenaki_viz.errors import PhenakiVizError, RecordingError, RecordingWarning, VideoError
from phenaki_viz.runs.files import HEADER, open_recording, save_recording
from tests.recording.calls import TOKENS, Twice, guided_steps, tied, transformer

ADDED = ("forward", "use", "shared", "batch")  # fields that older files do not have


@pytest.fixture(scope="module")
def recording():
    """Two decoding steps with guidance, of three videos."""
    return guided_steps()


def test_a_recording_is_printed_in_a_few_lines(recording):
    lines = repr(recording).splitlines()
    assert len(lines) == 5 and max(map(len, lines)) < 120
    assert lines[0].startswith("Recording of MaskGit: 16 calls, ")
    for column in ("stack", "kind", "layers × heads", "tokens", "storage", "bytes", "verified"):
        assert column in lines[1]
    assert lines[2].split()[:8] == ["transformer", "self", "2", "×", "3", "12", "→", "12"]
    assert "12 → 5" in lines[3] and "dense" in lines[3]
    assert lines[4] == "steps 0 to 1; branches 'conditional', 'unconditional'"
    assert "Recording" in str(phenaki_viz.Recording())


def test_calls_are_selected_by_what_they_are(recording):
    (one,) = recording.select(kind="cross", layer=1, step=1, branch="unconditional")
    assert (one.kind, one.layer, one.step, one.branch) == ("cross", 1, 1, "unconditional")
    assert len(recording.select(stack="transformer")) == 16
    assert len(recording.select(kind="self").select(step=0)) == 4
    assert recording.select(step=1).provenance["step"] == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"layer": 7}, r"no call with layer 7; there are 0, 1"),
        ({"kind": "both"}, r"no call with kind 'both'; there are 'self', 'cross'"),
        ({"stack": ""}, r"no call with stack ''; there are 'transformer'"),
        ({"branch": "none"}, r"'none'; there are 'conditional', 'unconditional'"),
        ({"step": 2, "kind": "self"}, r"no call with step 2; there are 0, 1"),
        ({"item": 3}, r"no call with batch item 3; there are 0, 1, 2"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(recording, asked, said):
    with pytest.raises(RecordingError, match=said):
        recording.select(**asked)


@pytest.mark.parametrize(
    "asked",
    [
        lambda given: given.one_pass(number=-1),
        lambda given: given.figure("self", 0, 0, colours="bright"),
        lambda given: given.show(layer=7),
        lambda given: given.show(kind="both"),
        lambda given: given.show(colours="bright"),
        lambda given: given.figure("self", "0", 0),
    ],
)
def test_what_there_is_not_is_refused_by_whoever_looks(recording, asked, capsys):
    said = r"no pass -1|no colours 'bri|layer (7|'0')|kind 'both"
    with pytest.raises(PhenakiVizError, match=said):
        asked(recording)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("places", [[-1], [0, -2], [12], [0.5], [True], [[0]], np.array([-1])])
@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_a_place_is_counted_from_the_first_one_however_a_map_is_stored(storage, places):
    """From the end, a factored map gave weights of another place, and masked ones."""
    model = transformer(causal=True)
    with torch.no_grad(), record(model, storage=storage) as made:
        model(TOKENS)
    one, head = made[0], made[0].head(1)
    for look in (head.rows, head.terms, head.visible):
        with pytest.raises(RecordingError, match="rows asked of a map with 12 queries, count"):
            look(places)
    with pytest.raises(RecordingError, match="columns asked of a map with 12 keys, counted from"):
        head.columns(places)
    full = one.map.full(0, 1)
    np.testing.assert_allclose(head.rows([11, 0]), full[[11, 0]], atol=1e-6)
    assert head.rows([]).shape == (0, 12) and head.columns(range(2)).shape == (12, 2)


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_an_item_is_cut_out_with_all_that_belongs_to_it(storage):
    model, mask = transformer(depth=1), torch.ones(2, 12, dtype=torch.bool)
    mask[1, 7:] = False
    bias = torch.randn(2, 3, 12, 12)
    extras = ("queries", "keys", "values")
    with torch.no_grad(), record(model, storage=storage, extras=extras) as whole:
        model(TOKENS, self_attn_mask=mask, attn_bias=bias)
    (one,) = whole.select(item=1)
    assert one.batch_items == (1,) and one.map.shape == (1, 3, 12, 12) and one.batch == 2
    np.testing.assert_array_equal(one.map.full(0, 2), whole[0].map.full(1, 2))
    np.testing.assert_array_equal(one.key_mask, mask[1:].numpy())
    np.testing.assert_array_equal(one.dense_bias, bias[1:].numpy())
    np.testing.assert_array_equal(one.queries, whole[0].queries[1:])
    assert one.hidden(0, (0, 12), (0, 12))[:, 7:].all()


def test_records_are_taken_by_number_or_by_name(recording):
    assert recording[0] is recording.records[0] and recording[-1] is recording.records[-1]
    assert recording[1:3] == recording.records[1:3]
    part = recording.select(step=0, branch="conditional")
    assert part["transformer.layers.1.2"].kind == "cross"
    with pytest.raises(
        RecordingError, match=r"has 4 calls: take one by number, .* record 1: branch"
    ):
        recording["transformer.layers.0.2"]
    with pytest.raises(RecordingError, match=r"no call of 'layers.0.2'; there are 'transformer"):
        recording["layers.0.2"]
    with pytest.raises(RecordingError, match="no record 16: 16 were recorded, counted from 0"):
        recording[16]


@pytest.mark.parametrize("storage", ["dense", "factored"])
def test_what_is_saved_is_opened_with_every_call_told_apart(tmp_path, storage):
    for model in (tied(), Twice().eval()):
        with torch.no_grad(), record(model, storage=storage) as made:
            model(TOKENS)
            model(TOKENS * 2)
        path = made.save(tmp_path / "run.safetensors")
        back = phenaki_viz.open(str(path))
        assert isinstance(back, phenaki_viz.Recording) and back.clip is None
        for one, other in zip(made, back, strict=True):
            for name in (*ADDED, "module", "layer", "call"):
                assert getattr(one, name) == getattr(other, name), name
            np.testing.assert_allclose(one.map.full(1, 2), other.map.full(1, 2), rtol=0, atol=1e-6)
        assert [p.forward for p in back.passes()] == [p.forward for p in made.passes()]


def test_what_was_missed_is_saved(tmp_path):
    model = transformer()
    model.layers[0][1].forward = lambda x, **_: x
    with torch.no_grad(), pytest.warns(RecordingWarning), record(model) as made:
        model(TOKENS)
    made.recomputed = 3
    back = phenaki_viz.open(made.save(tmp_path / "run.safetensors"))
    assert back.missed == made.missed and back.recomputed == 3


def test_a_clip_is_saved_with_it_when_it_goes_with_the_tokens(tmp_path, recording):
    path = tmp_path / "run.safetensors"
    frames = np.random.default_rng(0).integers(0, 255, (4, 16, 24, 3), np.uint8)
    back = phenaki_viz.open(recording.save(path, frames))  # two steps: 1 frame and 3
    np.testing.assert_array_equal(back.clip.frames, frames)
    assert open_recording(path).temporal_patch == 3
    again = phenaki_viz.open(back.save(tmp_path / "again.safetensors"))
    assert again.clip.digest == back.clip.digest
    named = phenaki_viz.open(recording.save(path, Clip(frames, "four frames")))
    assert named.clip.name == "four frames"
    with pytest.raises(VideoError, match=r"1 frames, and the tokens have 2 time steps"):
        recording.save(path, frames[:1])
    with pytest.raises(VideoError, match="uint8"):
        recording.save(path, frames / 255)
    assert phenaki_viz.open(path).clip.name == "four frames"


def test_a_recording_without_a_run_is_saved_by_the_older_name_too(tmp_path, recording):
    path = save_recording(tmp_path / "run.safetensors", recording)
    assert len(phenaki_viz.open(path)) == 16
    assert open_recording(path).clip.frames.shape == (2, 16, 24, 1)  # grey, 8 pixels a token


def test_nothing_is_not_saved(tmp_path):
    with pytest.raises(RecordingError, match="nothing was recorded, so there is nothing to save"):
        phenaki_viz.Recording().save(tmp_path / "run.safetensors")
    assert not list(tmp_path.iterdir())


def test_files_from_before_calls_were_told_apart_are_opened(tmp_path, recording):
    path = recording.save(tmp_path / "run.safetensors")
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(json.loads(raw[8 : 8 + length])["__metadata__"][HEADER])
    for name in ("blank_clip", "missed", "recomputed", "digests"):
        header.pop(name, None)
    for entry in header["records"]:
        for name in ADDED:
            entry.pop(name)
    older = tmp_path / "older.safetensors"
    save_file(load_file(path), older, metadata={HEADER: json.dumps(header)})
    back = phenaki_viz.open(older)
    assert [one.forward for one in back] == [one.call for one in back]
    assert len(back.passes()) == len(recording.passes()) == 8
    assert {r.branch for r in back.stacks()["transformer", "cross"]} == {"conditional"}
