"""`import phenaki_viz`: what it brings, and what it has."""

import subprocess
import sys

import pytest

import phenaki_viz
from phenaki_viz import errors

HEAVY = (
    "vector_quantize_pytorch", "streamlit", "plotly", "matplotlib", "sklearn", "scipy", "PIL",
    "msgspec", "filelock", "transformers", "av",
)  # fmt: skip
LOADED = f"""
import sys
from phenaki_viz import *
print([name for name in {HEAVY} if name in sys.modules])
"""
TOLD = f"""
import sys
from phenaki_viz.cli import main
try:
    main(["record", "--help"])
except SystemExit:
    print([name for name in {(*HEAVY, "torch", "numpy")} if name in sys.modules])
"""
RECORDED = """
import sys, torch, phenaki_viz
class Attention(torch.nn.Module):
    heads, scale, causal = 2, 0.5, False
    def __init__(self):
        super().__init__()
        self.to_q, self.to_kv, self.to_out = (torch.nn.Linear(4, n) for n in (4, 8, 4))
        self.q_scale, self.k_scale = torch.ones(2), torch.ones(2)
        self.attn_dropout = torch.nn.Dropout(0.0)
    def forward(self, x):
        q, k, v = self.to_q(x), *self.to_kv(x).chunk(2, -1)
        q, k, v = (t.unflatten(-1, (2, 2)).transpose(1, 2) for t in (q, k, v))
        attn = self.attn_dropout((q @ k.transpose(-1, -2) * self.scale).softmax(-1))
        return self.to_out((attn @ v).transpose(1, 2).flatten(-2))
model, x = Attention().eval(), torch.randn(1, 3, 4)
print(phenaki_viz.estimate(model, x))
with torch.no_grad(), phenaki_viz.record(model) as recording:
    model(x)
print(recording)
"""


def run(code):
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout.splitlines()


def test_importing_brings_torch_and_little_else():
    assert run(LOADED) == ["[]"]


def test_a_command_that_only_says_how_it_is_used_brings_nothing():
    assert run(TOLD)[-1] == "[]"


def test_a_part_of_the_package_is_there_without_an_import_of_its_own():
    (said,) = run("import phenaki_viz; print(phenaki_viz.recording.interventions.ZeroHead)")
    assert "interventions" in said


def test_who_only_records_can_save(tmp_path):
    path = tmp_path / "run.safetensors"
    said = run(f"{RECORDED}print(recording.save({str(path)!r}))")
    assert said[-1] == str(path) and path.is_file()


def test_recording_somebody_elses_model_brings_no_more():
    *said, loaded = run(RECORDED + LOADED)
    assert loaded == "[]"
    assert said[0] == "Estimate(bytes=72, calls=1, largest=72)"
    assert said[1].startswith("Recording of Attention: 1 call")


def test_every_error_can_be_caught_by_its_name():
    for name, thing in vars(errors).items():
        if isinstance(thing, type) and issubclass(thing, Exception):
            assert getattr(phenaki_viz, name) is thing and name in phenaki_viz.__all__


def test_all_that_is_promised_is_there():
    assert all(getattr(phenaki_viz, name) for name in phenaki_viz.__all__)
    with pytest.raises(AttributeError, match="module 'phenaki_viz' has no attribute 'recrod'"):
        _ = phenaki_viz.recrod
    assert set(phenaki_viz.__all__) <= set(dir(phenaki_viz))
    for name in ("record", "estimate", "open", "show", "Recording", "AttentionRecord"):
        assert name in phenaki_viz.__all__
