from types import ModuleType

import pytest
import torch

from tests.published import published_attention


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def published() -> ModuleType:
    try:
        return published_attention()
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
