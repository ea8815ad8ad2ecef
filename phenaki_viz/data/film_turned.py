"""How the frames of a film are to be shown: turned, mirrored, their pixels wider than high."""

import struct
from typing import Any

import numpy as np


def pixel_aspect(stream: Any) -> float:
    """Width over height of one pixel; 1 where the film does not say, or says nonsense."""
    ratio = stream.sample_aspect_ratio
    return float(ratio) if ratio and 0.1 < float(ratio) < 10 else 1.0


def display_matrix(frame: Any) -> np.ndarray:
    """Quarter turn or mirror as a 2 × 2 matrix of −1, 0 and 1; anything else is left as it is.

    Source: FFmpeg's libavutil/display.h: row vectors, (x, y) goes to (a·x + c·y, b·x + d·y),
    numbers in 16.16 fixed point.
    """
    for at in range(len(frame.side_data)):
        side = frame.side_data[at]
        if side.type.name == "DISPLAYMATRIX" and len(bytes(side)) >= 36:
            a, b, _, c, d = struct.unpack("=5i", bytes(side)[:20])
            signs = np.sign([[a, b], [c, d]])
            if abs(signs).sum() == 2 and abs(signs).sum(axis=0).tolist() == [1, 1]:
                return signs
    return np.eye(2)


def swaps_sides(matrix: np.ndarray) -> bool:
    """Whether height and width change places. matrix: see `display_matrix`."""
    return bool(matrix[0, 0] == 0)


def turned(frame: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A frame 'H W c' as it is shown. matrix: see `display_matrix`."""
    (a, b), (c, d) = matrix
    if swaps_sides(matrix):
        frame = frame.swapaxes(0, 1)
    if a + c < 0:
        frame = frame[:, ::-1]
    return frame[::-1] if b + d < 0 else frame
