"""How weights are laid over frames: as the page draws them, strip/ of `phenaki_viz.browser`."""

from dataclasses import dataclass, replace

import numpy as np

from phenaki_viz.figures.colour import MASKED_COLOUR, ColourScale, lut
from phenaki_viz.figures.paint import rgb

LIT = 84 / 255  # dark colours would not show on a dark frame: they start so far up the palette
COVER = 0.7  # low weights let the frame through: their share to this power covers it
HIDDEN = 0x59 / 255  # how much the grey of "no weight" covers
HATCH, HATCHED = 4, 0.5  # every fourth pixel of a diagonal, half white


@dataclass(frozen=True)
class Drawn:
    """opacity: of the weights, 0 to 1. contrast: by how much the colours' end is lowered. lines:
    between patches. beside: weights under the frames, not over them. hatched: masked patches are.
    """

    opacity: float = 0.85
    contrast: float = 1.0
    lines: bool = False
    beside: bool = False
    hatched: bool = True

    def stretched(self, scale: ColourScale) -> ColourScale:
        """The scale with its end lowered by the contrast; of signed numbers both ends."""
        low = scale.low / self.contrast if _signed(scale) else scale.low
        high = max(scale.high / self.contrast, low)
        return replace(scale, low=low, high=high)

    def table(self, scale: ColourScale) -> np.ndarray:
        """Colours and how much they cover, '256 4' from 0 to 255 and 0 to 1."""
        share = np.linspace(0, 1, 256)
        colours, cover = lut(scale.palette).astype(np.float64), share**COVER
        if self.beside:
            cover = np.ones(256)
        elif _signed(scale):
            cover = np.abs(2 * share - 1) ** COVER
        else:
            lit = np.rint(255 * (LIT + share * (1 - LIT))).astype(np.intp)
            colours = colours[lit]
        opacity = 1.0 if self.beside else self.opacity
        return np.column_stack([colours, cover * opacity])

    def patches(self, measured: np.ndarray, scale: ColourScale) -> np.ndarray:
        """What each patch is covered with: 'h w 4', colours and how much. NaN has no weight."""
        place = np.nan_to_num(self.stretched(scale).unit(measured), nan=0.0)
        found = self.table(scale)[np.rint(255 * place).astype(np.intp)]
        grey = HIDDEN * (1.0 if self.beside else self.opacity)
        found[~np.isfinite(measured)] = (*rgb(MASKED_COLOUR), grey)
        return found


def _signed(scale: ColourScale) -> bool:
    return scale.low < 0 < scale.high


def hatched(frame: np.ndarray, masked: np.ndarray) -> np.ndarray:
    """A frame 'H W c' uint8 with thin white diagonals over its masked patches 'h w'."""
    height, width = frame.shape[:2]
    rows, columns = np.indices((height, width))
    there = masked[rows * masked.shape[0] // height, columns * masked.shape[1] // width]
    line = there & ((rows + columns) % HATCH == 0)
    lit = frame.astype(np.float64)
    lit[line] += (255 - lit[line]) * HATCHED
    return np.rint(lit).astype(np.uint8)
