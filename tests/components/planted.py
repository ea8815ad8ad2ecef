"""A clip and attention maps as a small Phenaki makes them, without a model: always the same."""

from functools import cache

import numpy as np
from einops import rearrange, reduce
from PIL import Image, ImageDraw, ImageFont

GRID = (5, 8, 8)  # t h w
PATCH = 6
STEPS = ((0,), (1, 2), (3, 4), (5, 6), (7, 8))
N = 5 * 8 * 8
WORDS = ("a", "seven", "moves", "right", "and", "a", "three", "moves", "down")


@cache
def frames() -> np.ndarray:
    """Two digits that cross: '9 48 48 3' uint8, grey."""
    return np.stack([_frame(at) for at in range(9)])


def _frame(at: int) -> np.ndarray:
    image = Image.new("L", (48, 48), 0)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=24)
    draw.text((1 + 3.2 * at, 16), "7", fill=235, font=font)
    draw.text((26, -2 + 2.6 * at), "3", fill=190, font=font)
    return np.repeat(np.asarray(image)[..., None], 3, axis=2)


@cache
def places() -> np.ndarray:
    """Step, row and column of every token: 'n 3'."""
    t, h, w = np.indices(GRID)
    return rearrange([t, h, w], "c t h w -> (t h w) c").astype(np.float32)


@cache
def brightness() -> np.ndarray:
    """How much there is to see in each patch: 'n', 0 to 1."""
    shown = frames()[[0, 2, 4, 6, 8], :, :, 0] / 255
    return reduce(shown, "t (h p) (w q) -> (t h w)", "mean", p=PATCH, q=PATCH).astype(np.float32)


@cache
def attention(layer: int, head: int, causal: bool = False) -> np.ndarray:
    """One map, 'n n' float32; NaN where the causal mask forbids it."""
    rng = np.random.default_rng([layer, head])
    offset = places()[:, None] - places()[None]
    slopes = rng.choice([0.05, 0.4, 1.2], 3)
    sim = -(np.abs(offset) * slopes).sum(-1) + rng.uniform(0, 9) * brightness()
    sim += rng.normal(0, 0.25 + 0.1 * layer, (N, N))
    hidden = offset[..., 0] < 0 if causal else np.zeros((N, N), bool)
    sim = np.where(hidden, -np.inf, sim)
    attn = np.exp(sim - sim.max(-1, keepdims=True))
    attn /= attn.sum(-1, keepdims=True)
    return np.where(hidden, np.nan, attn).astype(np.float32)


@cache
def cross(layer: int, head: int, nulls: int = 2) -> np.ndarray:
    """Patches read words: 'n j' float32, null keys first."""
    rng = np.random.default_rng([7, layer, head])
    sim = rng.normal(0, 0.5, (N, nulls + len(WORDS)))
    sim[:, nulls + 1] += 5 * brightness()
    sim[:, nulls + 6] += 3 * brightness() * places()[:, 1] / 8
    sim[:, :nulls] += 1.2
    attn = np.exp(sim - sim.max(-1, keepdims=True))
    return (attn / attn.sum(-1, keepdims=True)).astype(np.float32)


def pooled(values: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    """The mean of every cell of `cell` values; NaN only where all are."""
    shown = np.isfinite(values)
    tall, wide = cell
    pattern = "(i p) (j q) -> i j"
    total = reduce(np.where(shown, values, 0), pattern, "sum", p=tall, q=wide)
    many = reduce(shown.astype(np.float32), pattern, "sum", p=tall, q=wide)
    return np.where(many > 0, total / np.maximum(many, 1), np.nan).astype(np.float32)


@cache
def thumbs(layers: int, heads: int, side: int = 32, causal: bool = False) -> np.ndarray:
    """Every head's map, pooled: 'l h side side' float32; fifteen of them, over and over."""
    cell = (N // side, N // side)
    tiles = [
        [pooled(attention(at % 3, h % 5, causal), cell) for h in range(heads)]
        for at in range(layers)
    ]
    return np.array(tiles, np.float32)


def uniform(causal: bool = False) -> np.ndarray:
    """1 / visible keys of every query: 'n' float32."""
    step = places()[:, 0]
    return (1 / ((step + 1) * 64 if causal else np.full(N, N))).astype(np.float32)
