import pytest
import torch

from tests.models.parity import NAMES, Parity, largest_errors


def test_every_kind_of_module_has_parity_data():
    assert len(NAMES) == 15


@pytest.mark.parametrize("name", NAMES)
def test_published_numbers(name):
    errors = largest_errors(name)
    assert max(errors.values()) <= 1e-5, errors


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("a")])
def test_every_published_map_was_compared(name):
    parity = Parity.read(name)
    assert len(parity.maps()) == (parity.kind == "Attention")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("alibi")])
def test_published_slopes(name):
    parity = Parity.read(name)
    assert torch.equal(parity.build().slopes, parity.tensors["out.slopes"])
