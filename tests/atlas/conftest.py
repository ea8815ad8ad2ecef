"""What the tests of the atlas' engines share."""

import pytest

from tests.atlas.corpus import clips


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return clips(tmp_path_factory.mktemp("corpus") / "clips")
