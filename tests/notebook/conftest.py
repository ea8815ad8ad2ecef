import pytest

from tests.notebook.recordings import linked_of, small


@pytest.fixture(scope="session")
def recording():
    return small()


@pytest.fixture(scope="session")
def linked(recording):
    return linked_of(recording)
