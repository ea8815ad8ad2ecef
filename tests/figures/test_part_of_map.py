import numpy as np

from phenaki_viz.figures.heatmap import map_image
from phenaki_viz.figures.part_of_map import part_of_map
from tests.figures.samples import heatmap


def test_a_part_is_the_same_cells_with_their_names_and_colours():
    whole = heatmap()
    i, j = whole.values.shape
    window = (1, i - 1, 2, j)
    part = part_of_map(whole, window)
    np.testing.assert_array_equal(part.values, whole.values[1 : i - 1, 2:])
    np.testing.assert_array_equal(map_image(part), map_image(whole)[1 : i - 1, 2:])
    assert part.query.names == whole.query.names[1 : i - 1]
    assert part.key.names == whole.key.names[2:]
    assert part.provenance["part"] == [1, i - 1, 2, j]
    for axis in (part.query, part.key):
        assert not axis.groups or len(axis.groups) == len(axis.breaks) + 1
    for row in whole.wrong:
        assert not 1 <= row < i - 1 or row - 1 in part.wrong
