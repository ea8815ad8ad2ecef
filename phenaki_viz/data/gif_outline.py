"""Walk over a GIF's blocks without decoding a pixel: its size, its frames, and whether it ends.

Source: GIF89a Specification, CompuServe 1990, sections 17 to 27.
"""

from dataclasses import dataclass

TRAILER, EXTENSION, IMAGE = 0x3B, 0x21, 0x2C
GRAPHIC_CONTROL = 0xF9


@dataclass(frozen=True)
class GifOutline:
    """What the blocks of a GIF promise.

    width, height: pixels, grown to hold every frame. frames: those that are there to their last
    byte. complete: the file ends where it should; False when it was cut off. delays: how long each
    frame is held, in milliseconds.
    """

    width: int
    height: int
    frames: int
    complete: bool
    delays: tuple[int, ...]


def outline_gif(raw: bytes) -> GifOutline:
    """Outline of a GIF, whole or cut off anywhere."""
    walk = _Walk(raw)
    try:
        walk.to_the_trailer()
    except IndexError:
        return walk.outline(complete=False)
    return walk.outline(complete=True)


class _Walk:
    """A position in the file. Reading past the end is the IndexError that `outline_gif` awaits."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 6
        self.frames = 0
        self.width = self.height = 0
        self.delay = 0  # of the next frame, in hundredths of a second
        self.delays: list[int] = []

    def outline(self, *, complete: bool) -> GifOutline:
        delays = tuple(10 * delay for delay in self.delays)
        return GifOutline(self.width, self.height, self.frames, complete, delays)

    def to_the_trailer(self) -> None:
        self.width, self.height = self.short(), self.short()
        self.skip_palette(flags=self.byte(), after=2)
        while (block := self.byte()) != TRAILER:
            if block == EXTENSION:
                if self.byte() == GRAPHIC_CONTROL:
                    self.delay = int.from_bytes(self.raw[self.at + 2 : self.at + 4], "little")
                self.skip_blocks()
            elif block == IMAGE:
                self.image()

    def image(self) -> None:
        left, top = self.short(), self.short()
        right, bottom = left + self.short(), top + self.short()
        # A frame may reach past the canvas; the decoder then grows the canvas, so its price grows.
        self.width, self.height = max(self.width, right), max(self.height, bottom)
        self.skip_palette(flags=self.byte(), after=0)
        self.byte()
        self.skip_blocks()
        self.frames += 1
        self.delays.append(self.delay)
        self.delay = 0

    def byte(self) -> int:
        value = self.raw[self.at]
        self.at += 1
        return value

    def short(self) -> int:
        return self.byte() | self.byte() << 8

    def skip_palette(self, *, flags: int, after: int) -> None:
        self.at += after
        if flags & 0x80:
            self.at += 3 << ((flags & 7) + 1)

    def skip_blocks(self) -> None:
        while size := self.byte():
            self.at += size
