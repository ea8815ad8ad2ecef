"""Numbers with what they count, in words."""

import pytest

from phenaki_viz.nouns import over_limit

MIB = 2**20


@pytest.mark.parametrize(
    ("size", "limit", "said"),
    [
        (513 * MIB + MIB // 2, 512 * MIB, ("513.5 MiB", "512 MiB")),
        (2**31, 256 * MIB, ("2,048 MiB", "256 MiB")),
        (28_800, 21_610, ("28.1 KiB", "21.1 KiB")),
        (512 * MIB + 2000, 512 * MIB, ("524,290 KiB", "524,288 KiB")),
        (512 * MIB + 1, 512 * MIB, ("536,870,913 bytes", "536,870,912 bytes")),
        (3 * MIB, 100, ("3,145,728 bytes", "100 bytes")),
        (4, 0, ("4 bytes", "0 bytes")),
    ],
)
def test_a_size_over_a_limit_is_another_number_than_the_limit(size, limit, said):
    assert over_limit(size, limit) == said
