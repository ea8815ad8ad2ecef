"""A header costs nothing until it is true: bombs are refused within a small memory."""

import json
import subprocess
import sys

import pytest
import torch

from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models.configs import as_json
from tests.checkpoints.files import CVIVIT, MASKGIT, entry, header, pt, tensors, weights

HUGE = {
    "wide": ({"dim": 8192}, "is .* in the file"),
    "many tokens": ({"num_tokens": 2**24}, "in the file"),
    "many positions": ({"max_seq_len": 2**20}, "in the file"),
    "deep": ({"depth": 256}, "256 layers, it has 38 tensors"),
    "wide feed-forward": ({"ff_mult": 64}, "in the file"),
    "a width without end": ({"ff_mult": 1e12}, "ff_mult is 1000000000000.0; it must be"),
    "a negative width": ({"ff_mult": -4}, "ff_mult is -4"),
    "no width": ({"ff_mult": 1e-3}, "use a width of at least 1"),
    "all": (
        {"dim": 8192, "depth": 256, "heads": 256, "dim_head": 1024, "num_tokens": 2**24},
        "256 layers",
    ),
}
TABLES = {
    "lookup-free": {"codebook_size": 2**24},
    "scalar": {"codebook_size": 8**8, "quantiser": "fsq", "fsq_levels": [8] * 8},
    "of text": {"quantiser": "lfqq"},
}
LIMITED = """
import resource, sys
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.errors import CheckpointError
from pathlib import Path
import torch
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 2**28,) * 2)
for path in sys.argv[1:]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        open_checkpoint(Path(path))
    except CheckpointError as error:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(used // 1024, error)
"""


def own(config, **settings):
    said = {"format": 1, "kind": type(config).__name__, "config": as_json(config) | settings}
    return tensors(weights(config), {"phenaki_viz": json.dumps(said)})


def test_bombs_are_refused_within_256_mb(tmp_path):
    paths = []
    for at, (settings, _) in enumerate(HUGE.values()):
        paths.append(tmp_path / f"{at}.safetensors")
        paths[-1].write_bytes(own(MASKGIT, **settings))
    for at, settings in enumerate(TABLES.values()):
        paths.append(tmp_path / f"t{at}.safetensors")
        paths[-1].write_bytes(own(CVIVIT, **settings))
    command = [sys.executable, "-c", LIMITED, *map(str, paths)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    lines = ran.stdout.splitlines()
    assert len(lines) == len(paths), ran.stdout + ran.stderr
    assert max(int(line.split()[0]) for line in lines) < 100  # MB


@pytest.mark.parametrize(("settings", "said"), HUGE.values(), ids=HUGE.keys())
def test_bombs_are_refused_in_words(settings, said):
    with pytest.raises(CheckpointError, match=said):
        open_checkpoint(("x.safetensors", own(MASKGIT, **settings)))


HEAD = weights(MASKGIT)["to_logits.bias"]
HOSTILE = {
    "metadata null": header({"__metadata__": None}),
    "metadata list": header({"__metadata__": ["phenaki_viz"]}),
    "nested": header(b"[" * 200_000),
    "nested objects": header(b'{"a":' * 100_000),
    "settings nested": header({"__metadata__": {"phenaki_viz": "[" * 100_000}}),
    "settings a list": header({"__metadata__": {"phenaki_viz": "[]"}}),
    "kind a list": header({"__metadata__": {"phenaki_viz": '{"kind":[]}'}}),
    "kind an object": header({"__metadata__": {"phenaki_viz": '{"kind":{},"format":1}'}}),
    "5,000 digits": header({"__metadata__": {"phenaki_viz": '{"kind":' + "9" * 5000 + "}"}}),
    "no UTF-8": header(b"\xff\xfe{}"),
    "shape negative": header({"a": entry(shape=(-1,))}, b"1234"),
    "offsets yes and no": header({"a": entry(ends=(0, True))}),
    "a number": header({"a": 5}),
    "text in the settings": own(MASKGIT, heads="2"),
    "a list in the settings": own(MASKGIT, heads=[2]),
    "half a head": own(MASKGIT, heads=2.5),
    "yes for a number": own(MASKGIT, heads=True),
    "number for yes": own(MASKGIT, unconditional=1),
    "frames of three sides": own(CVIVIT, image_size=[16, 16, 16]),
    "frames of no size": own(CVIVIT, image_size=[0, 16]),
    "another layout": own(CVIVIT, peg_layout="other"),
    "levels without end": own(CVIVIT, quantiser="fsq", fsq_levels=[10**9] * 24),
    "too few axes": pt(weights(MASKGIT) | {"token_emb.weight": HEAD}),
    "no axes": pt(weights(MASKGIT) | {"pos_emb.weight": HEAD[0]}),
    "an empty axis": pt(weights(MASKGIT) | {"to_logits.weight": torch.zeros(0, 16)}),
    "without numbers": pt({k: v.to("meta") for k, v in weights(MASKGIT).items()}),
    "a layer of 30 digits": pt(
        weights(MASKGIT) | {f"transformer.layers.{'9' * 30}.1.q_scale": HEAD}
    ),
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_in_words(content):
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(("x.safetensors", content))
    assert str(caught.value).startswith("x.safetensors") and len(str(caught.value)) < 500


def test_an_old_pytorch_file_that_claims_more_than_it_holds():
    content = pt({"a": HEAD}, _use_new_zipfile_serialization=False)
    claimed = content.replace(b"K\x10N", b"J\x00\x00\x00\x40N")  # 16 numbers become 2^30
    assert claimed != content
    with pytest.raises(CheckpointError, match=r"claims 4\.3 GB of numbers, the file has"):
        open_checkpoint(("x.pt", claimed))


def test_a_header_whose_length_begins_like_a_pickle():
    config, state = MASKGIT, weights(MASKGIT)
    for spaces in range(0, 400, 8):
        content = tensors(state, {"note": "x" * spaces})
        if content[0] == 0x80:
            assert open_checkpoint(("x.safetensors", content)).config == config
            return
    raise AssertionError("no such header was made")


def test_damage_to_weights_of_ours_is_named(tmp_path):
    from phenaki_viz.checkpoints import save_model

    path = save_model(tmp_path / "x.safetensors", MASKGIT.build(), MASKGIT)
    open_checkpoint(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    with pytest.raises(CheckpointError, match=r"x.safetensors is damaged: the numbers of \S+ are"):
        open_checkpoint(path)


def test_a_checkpoint_that_changes_while_it_is_read(tmp_path, monkeypatch):
    from phenaki_viz.checkpoints import files

    path = tmp_path / "x.safetensors"
    read = files._read

    def meanwhile(source):
        path.write_bytes(content[:-900])
        return read(source)

    monkeypatch.setattr(files, "_read", meanwhile)
    content = tensors(weights(MASKGIT))
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="changed while it was read"):
        open_checkpoint(path)
