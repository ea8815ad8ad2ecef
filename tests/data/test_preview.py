"""What the sidebar shows of a clip before it is used: the crop on a frame, and the frames."""

import numpy as np

from phenaki_viz.data import Clip, crop_box
from phenaki_viz.data.preview import ACROSS, GAP, OUTSIDE, TILE, TILES, contact_sheet, crop_shown


def clip(frames, height=20, width=30, **changes):
    """Frame k is grey 10 k all over."""
    grey = np.arange(frames, dtype=np.uint8)[:, None, None, None] * 10
    return Clip(np.broadcast_to(grey, (frames, height, width, 1)), "planted", **changes)


def test_what_is_cropped_away_is_dark_and_nothing_else():
    frame = np.full((1, 40, 120, 1), 200, np.uint8)
    for crop in ((0.5, 0.5), (0.0, 0.5), (1.0, 0.5)):
        shown = crop_shown(Clip(frame, "wide", crop=crop), 24, 24)
        high, wide, _ = shown.shape
        assert (wide, shown.dtype) == (280, np.uint8)
        left, top, w, h = crop_box(wide, high, 24, 24, crop)
        bright = np.zeros((high, wide), bool)
        bright[top : top + h, left : left + w] = True
        assert (shown[bright] == 200).all() and (shown[~bright] == int(200 * OUTSIDE)).all()


def test_the_sheet_holds_frames_from_the_first_to_the_last_in_rows():
    sheet = contact_sheet(clip(17))
    high = round(TILE * 20 / 30)
    assert sheet.shape == (3 * (high + GAP) - GAP, ACROSS * (TILE + GAP) - GAP, 4)
    corners = sheet[:: high + GAP, :: TILE + GAP]
    shown = corners[..., 0][corners[..., 3] == 255].tolist()
    assert len(shown) == TILES and shown == sorted(shown) and shown[0] == 0 and shown[-1] == 160
    assert not sheet[high : high + GAP].any()  # clear between the rows


def test_a_short_clip_is_shown_whole():
    assert contact_sheet(clip(1)).shape == (round(TILE * 20 / 30), TILE, 4)
    assert (contact_sheet(clip(3))[0, :: TILE + GAP, 0] == [0, 10, 20]).all()
