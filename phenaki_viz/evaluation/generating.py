"""What is generated from captions of digits and directions, as a judge reads it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange

from phenaki_viz.data.digits import DIGITS, DIRECTIONS, SPEEDS, DigitClip
from phenaki_viz.evaluation.judge import INK, Judge, centres, slope
from phenaki_viz.models.phenaki import Decoding, Phenaki, Sampled

AT_ONCE = 40


@dataclass(frozen=True)
class Generated:
    """Shares of captions: digit right, direction right, both. speed: pixels a frame, by word."""

    captions: int
    digit: float
    direction: float
    both: float
    slowly: float
    quickly: float


@dataclass(frozen=True)
class TwoGenerated:
    """Two-digit captions. separate: share of clips with two objects; of those, digits and
    directions right, each object matched to the digit it looks most like.
    """

    captions: int
    separate: float
    digit: float
    direction: float


def one_digit_captions(count: int) -> list[tuple[str, int, str, str]]:
    """Captions in turn over digits, directions and speeds, and what they say."""
    ways, paces = list(DIRECTIONS), ["", *SPEEDS]
    captions = []
    for at in range(count):
        digit, way, pace = at % 10, ways[at // 10 % 4], paces[at % 3]
        captions.append((f"{DIGITS[digit]} moving {way} {pace}".strip(), digit, way, pace))
    return captions


def generate(
    model: Phenaki,
    captions: list[str],
    frames: int,
    guidance: float,
    seed: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Videos of captions, 'b f H W' float32 in 0..1."""
    chance = torch.Generator().manual_seed(seed)
    videos = []
    for at in range(0, len(captions), AT_ONCE):
        texts = captions[at : at + AT_ONCE]
        *_, made = model.sample_steps(
            num_frames=frames, texts=texts, decoding=Decoding(guidance), generator=chance
        )
        assert isinstance(made, Sampled)
        videos.append(rearrange(made.video, "b 1 f h w -> b f h w").clamp(0, 1).numpy())
        if on_progress:
            on_progress(at + len(texts), len(captions))
    return np.concatenate(videos)


def judge_one(
    model: Phenaki,
    judge: Judge,
    frames: int,
    count: int,
    guidance: float,
    seed: int = 3,
    on_progress: Callable[[int, int], None] | None = None,
) -> Generated:
    """Generate one-digit captions and read them."""
    captions = one_digit_captions(count)
    videos = generate(model, [text for text, *_ in captions], frames, guidance, seed, on_progress)
    pairs = list(zip(videos, captions, strict=True))
    digits = np.array([judge.digit(video) == wanted[1] for video, wanted in pairs])
    ways = np.array([judge.direction(video) == wanted[2] for video, wanted in pairs])
    paces = {
        pace: float(np.mean([pace_of(video) for video, wanted in pairs if wanted[3] == pace]))
        for pace in SPEEDS
    }
    return Generated(
        captions=count,
        digit=float(digits.mean()),
        direction=float(ways.mean()),
        both=float((digits & ways).mean()),
        **paces,
    )


def pace_of(frames: np.ndarray) -> float:
    """How fast the ink's centre moves, in pixels a frame."""
    columns, rows = centres(frames).T
    return float(np.hypot(slope(columns), slope(rows)))


def judge_two(
    judge: Judge, videos: np.ndarray, labels: list[list[tuple[int, str]]]
) -> TwoGenerated:
    """Read two-digit clips: 'b f H W', and the digit and direction of each object."""
    separate, digits, ways = 0, 0.0, 0.0
    for video, wanted in zip(videos, labels, strict=True):
        tracks = objects(video)
        if tracks is None:
            continue
        separate += 1
        seen = [(judge.digit(track), judge.direction(track)) for track in tracks]
        orders = [(seen[0], seen[1]), (seen[1], seen[0])]
        right = [sum(s[0] == w[0] for s, w in zip(order, wanted, strict=True)) for order in orders]
        moves = [sum(s[1] == w[1] for s, w in zip(order, wanted, strict=True)) for order in orders]
        # By the digits; where they do not decide, by the ways.
        best = max((0, 1), key=lambda at: (right[at], moves[at]))
        digits += right[best] / 2
        ways += moves[best] / 2
    count = max(separate, 1)
    return TwoGenerated(len(videos), separate / len(videos), digits / count, ways / count)


def objects(video: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The two objects of a clip, each 'f H W' alone; None when they cannot be separated.

    Frames in which they touch are left out; at least four must remain.
    """
    from scipy.ndimage import binary_dilation, label

    tracks: list[list[np.ndarray]] = [[], []]
    last: list[np.ndarray] = []
    for frame in video:
        parts, count = label(binary_dilation(frame > INK + 0.1))
        sizes = sorted(((parts == at).sum(), at) for at in range(1, count + 1))[::-1]
        kept = [np.where(parts == at, frame, 0) for size, at in sizes if size > 8]
        if len(kept) != 2:
            continue
        at = [centres(part[None])[0] for part in kept]
        if last and _far(at, last) > _far(at[::-1], last):
            kept, at = kept[::-1], at[::-1]
        last = at
        for track, part in zip(tracks, kept, strict=True):
            track.append(part)
    return (np.stack(tracks[0]), np.stack(tracks[1])) if len(tracks[0]) >= 4 else None


def _far(at: list[np.ndarray], before: list[np.ndarray]) -> float:
    return sum(float(np.hypot(*(a - b))) for a, b in zip(at, before, strict=True))


def two_digit_captions(count: int, seed: int = 4) -> tuple[list[str], list[list[tuple[int, str]]]]:
    """Captions of two different digits, each with its own direction, and what they say."""
    chance = np.random.default_rng(seed)
    ways = list(DIRECTIONS)
    texts, labels = [], []
    for _ in range(count):
        wanted = [(int(digit), ways[chance.integers(4)]) for digit in chance.permutation(10)[:2]]
        texts.append(" and ".join(f"{DIGITS[digit]} moving {way}" for digit, way in wanted))
        labels.append(wanted)
    return texts, labels


def labels_of(clips: list[DigitClip]) -> list[list[tuple[int, str]]]:
    """What real clips show, in the form of `two_digit_captions`."""
    return [[(digit.digit, digit.direction) for digit in clip.digits] for clip in clips]
