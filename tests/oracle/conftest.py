import pytest

from pixels import Pixels


@pytest.fixture(scope="module")
def tool():
    """The C readers and resizings, for all tests of a file."""
    tool = Pixels()
    yield tool
    assert tool.close() == 0
