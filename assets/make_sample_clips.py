"""Draw the sample clips: handwritten digits from scikit-learn's bundled set, moving straight.

Run by `make clips`. Output is the same every time.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from phenaki_viz.data.digit_paths import PATHS
from phenaki_viz.data.digits import DigitClip, MovingDigits
from phenaki_viz.data.samples import DIGIT_CLIPS, digit_clip_file

SIDE, FRAMES, DIGIT = 128, 17, 46
HERE = Path(__file__).parent

Path_ = tuple[tuple[float, float], tuple[float, float]]  # (x, y) at the first and last frame


def sprite(digit: int, which: int) -> np.ndarray:
    """One handwritten digit, 8×8 with 17 grey levels, smoothly enlarged: 'y x' in 0..1."""
    digits = load_digits()
    image = digits.images[np.flatnonzero(digits.target == digit)[which]]
    small = Image.fromarray((image / 16 * 255).astype(np.uint8))
    large = np.asarray(small.resize((DIGIT, DIGIT), Image.Resampling.BICUBIC), float) / 255
    return np.clip((large - 0.12) * 1.5, 0, 1)


def draw(movers: list[tuple[np.ndarray, Path_]]) -> np.ndarray:
    """Frames 'f y x' uint8 of sprites moving at constant speed."""
    frames = np.zeros((FRAMES, SIDE, SIDE))
    for image, ((x0, y0), (x1, y1)) in movers:
        for frame, at in enumerate(np.linspace(0, 1, FRAMES)):
            x, y = round(x0 + (x1 - x0) * at), round(y0 + (y1 - y0) * at)
            region = frames[frame, y : y + DIGIT, x : x + DIGIT]
            np.maximum(region, image, out=region)
    return np.round(frames * 255).astype(np.uint8)


def save(path: Path, frames: np.ndarray) -> None:
    """Write a grey GIF that reads back to exactly these frames."""
    images = [Image.fromarray(frame) for frame in frames]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=120, loop=0, optimize=False
    )


def ways(clip: DigitClip, side: int) -> list[dict[str, object]]:
    """Name, motion word and middle in every frame of each digit; side: its pixels."""
    words = clip.caption.split()
    return [
        {
            "name": words[digit.word],
            "motion": words[digit.direction_word],
            "centres": (digit.path + side / 2).tolist(),
        }
        for digit in clip.digits
    ]


def main() -> None:
    """Write every sample clip, and where their digits are."""
    seven, two, three = sprite(7, 2), sprite(2, 3), sprite(3, 5)
    two_digits = [(seven, ((4, 8), (76, 8))), (two, ((40, 56), (40, 80)))]
    save(HERE / "moving_digits.gif", draw(two_digits))
    save(HERE / "one_digit.gif", draw([(three, ((78, 40), (4, 40)))]))
    held_out = MovingDigits(seed=7, held_out=True)
    paths = {}
    for number, caption in DIGIT_CLIPS.items():
        clip = held_out.clip(number)
        if clip.caption != caption:
            raise ValueError(f"clip {number} shows {clip.caption!r}, not {caption!r}")
        save(digit_clip_file(caption), np.round(clip.frames * 255).astype(np.uint8))
        paths[caption] = ways(clip, held_out.sprite)
    PATHS.write_text(json.dumps(paths, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
