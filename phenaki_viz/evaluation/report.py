"""All figures of one model, beside those of the same model untrained, as a table."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from phenaki_viz.data.digits import MovingDigits
from phenaki_viz.evaluation import generating, reading
from phenaki_viz.evaluation.generating import Generated, TwoGenerated
from phenaki_viz.evaluation.judge import (
    Judge,
    one_digit_clips,
    reconstructions,
    two_digit_clips,
)
from phenaki_viz.models.phenaki import Phenaki

GUIDANCE = 3.0
MEASURED_ON = 101  # seed of the clips that are measured on
PICKED_ON = 202  # seed of the clips that heads are picked on
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Figures:
    """What was measured on held-out digits.

    real_*, rebuilt_*: how often the judge is right on real and on reconstructed clips.
    best_head: (layer, head) picked on other clips than `word_auc` is measured on.
    """

    reconstruction_r2: float
    real_digit: float
    real_direction: float
    rebuilt_digit: float
    rebuilt_direction: float
    one: Generated
    two: TwoGenerated
    two_real: TwoGenerated
    best_head: tuple[int, int]
    word_auc: float
    averaged_auc: float
    direction_auc: float
    binding_head: tuple[int, int]
    binding_auc: float
    loss_right: float
    loss_wrong: float
    null_mass: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def evaluate(
    model: Phenaki,
    data: MovingDigits,
    *,
    captions: int = 200,
    clips: int = 64,
    judge: Judge | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Figures:
    """Every figure of a model. data: of the kind it was trained on; held-out digits are used.

    captions: generated of one digit, and a fifth as many of two. clips: for each measure of maps.
    judge: of another model, so that an untrained one is read by a judge that can see.
    """
    tell: Tell = on_progress or (lambda what, done, of: None)
    tell("judge", 0, 1)
    judge = judge or Judge.trained(model.cvivit, data)
    read = _clip_figures(model, judge, data, clips)
    tell("attention", 0, 1)
    maps = _map_figures(model, data, clips)
    one = generating.judge_one(
        model, judge, data.frames, captions, GUIDANCE,
        on_progress=lambda done, of: tell("one digit", done, of),
    )  # fmt: skip
    texts, labels = generating.two_digit_captions(max(1, captions // 5))
    videos = generating.generate(
        model, texts, data.frames, GUIDANCE, 5,
        on_progress=lambda done, of: tell("two digits", done, of),
    )  # fmt: skip
    two = generating.judge_two(judge, videos, labels)
    return Figures(one=one, two=two, **read, **maps)


def _clip_figures(model: Phenaki, judge: Judge, data: MovingDigits, clips: int) -> dict[str, Any]:
    """How well clips are rebuilt, and how well the judge reads real and rebuilt ones."""
    held_out = _held_out(data, MEASURED_ON)
    singles, doubles = one_digit_clips(held_out, clips), two_digit_clips(held_out, clips)
    real = judge.accuracy(singles, np.stack([clip.frames for clip in singles]))
    again = judge.accuracy(singles, reconstructions(model.cvivit, singles))
    real_two = np.stack([clip.frames for clip in doubles])
    return {
        "reconstruction_r2": r2(model, [held_out.clip(number) for number in range(2 * clips)]),
        "real_digit": real[0],
        "real_direction": real[1],
        "rebuilt_digit": again[0],
        "rebuilt_direction": again[1],
        "two_real": generating.judge_two(judge, real_two, generating.labels_of(doubles)),
    }


def _map_figures(model: Phenaki, data: MovingDigits, clips: int) -> dict[str, Any]:
    """What the maps say; heads are picked on other clips than they are measured on."""
    measured_on, picked_on = _held_out(data, MEASURED_ON), _held_out(data, PICKED_ON)
    singles, doubles = one_digit_clips(measured_on, clips), two_digit_clips(measured_on, clips)
    best = _best(_word(model, one_digit_clips(picked_on, clips)))
    binding = _best(_binding(model, two_digit_clips(picked_on, clips)))
    seen = reading.read(model, singles, [clip.caption for clip in singles])
    directions = reading.word_aucs(model, singles, seen, lambda digit: digit.direction_word)
    right, wrong = reading.wrong_word_rise(model, singles)
    return {
        "best_head": best,
        "word_auc": float(_word(model, singles)[best]),
        "averaged_auc": reading.averaged_auc(model, singles, seen),
        "direction_auc": float(directions.max()),
        "binding_head": binding,
        "binding_auc": float(_binding(model, doubles)[binding]),
        "loss_right": right,
        "loss_wrong": wrong,
        "null_mass": [round(float(x), 3) for x in _null_mass(seen)],
    }


def r2(model: Phenaki, clips: list[Any]) -> float:
    """1 − squared error of the reconstruction over the variance of the pixels."""
    frames = np.stack([clip.frames for clip in clips])
    error = (reconstructions(model.cvivit, clips) - frames) ** 2
    return float(1 - error.mean() / frames.var())


def table(trained: Figures, untrained: Figures) -> str:
    """Both beside each other, with the bar where there is one; Markdown."""
    rows = ["| held-out digits | bar | untrained | trained |", "|---|---|---|---|"]
    for name, bar, get in _ROWS:
        rows.append(f"| {name} | {bar} | {get(untrained)} | {get(trained)} |")
    return "\n".join(rows)


def _at(best: tuple[int, int]) -> str:
    return f"L{best[0]} H{best[1]}"


_ROWS: list[tuple[str, str, Callable[[Figures], str]]] = [
    ("reconstruction R²", "≥ .93", lambda f: f"{f.reconstruction_r2:.3f}"),
    (
        "judge on real clips: digit / direction",
        "",
        lambda f: f"{f.real_digit:.3f} / {f.real_direction:.3f}",
    ),
    (
        "judge on reconstructions: digit / direction",
        "",
        lambda f: f"{f.rebuilt_digit:.3f} / {f.rebuilt_direction:.3f}",
    ),
    ("generated, one digit: digit right", "≥ .90", lambda f: f"{f.one.digit:.3f}"),
    ("direction right", "≥ .95", lambda f: f"{f.one.direction:.3f}"),
    ("both right", "", lambda f: f"{f.one.both:.3f}"),
    (
        "pixels a frame, “slowly” / “quickly” (true 0.95 / 2.63)",
        "",
        lambda f: f"{f.one.slowly:.2f} / {f.one.quickly:.2f}",
    ),
    (
        "digit word, AUC of the best head (picked on other clips)",
        "≥ .95",
        lambda f: f"{f.word_auc:.3f} ({_at(f.best_head)})",
    ),
    ("digit word, AUC of all heads averaged", "≥ .80", lambda f: f"{f.averaged_auc:.3f}"),
    ("direction word, AUC of the best head", "", lambda f: f"{f.direction_auc:.3f}"),
    (
        "loss inside the digit, right / wrong word (nats)",
        "rise ≥ .5",
        lambda f: f"{f.loss_right:.2f} / {f.loss_wrong:.2f}",
    ),
    (
        "two digits: word to its own digit, AUC",
        "≥ .75",
        lambda f: f"{f.binding_auc:.3f} ({_at(f.binding_head)})",
    ),
    (
        "two digits generated: apart / digit / direction",
        "direction ≥ .70",
        lambda f: f"{f.two.separate:.2f} / {f.two.digit:.2f} / {f.two.direction:.2f}",
    ),
    (
        "the same, judge on real clips",
        "",
        lambda f: (
            f"{f.two_real.separate:.2f} / {f.two_real.digit:.2f} / {f.two_real.direction:.2f}"
        ),
    ),
]


def _held_out(data: MovingDigits, seed: int) -> MovingDigits:
    return MovingDigits(
        seed=seed, size=data.size, frames=data.frames, sprite=data.sprite, two=data.two,
        held_out=True,
    )  # fmt: skip


def _word(model: Phenaki, clips: list[Any]) -> np.ndarray:
    seen = reading.read(model, clips, [clip.caption for clip in clips])
    return reading.word_aucs(model, clips, seen, lambda digit: digit.word)


def _binding(model: Phenaki, clips: list[Any]) -> np.ndarray:
    seen = reading.read(model, clips, [clip.caption for clip in clips])
    return reading.binding_aucs(model, clips, seen)


def _best(values: np.ndarray) -> tuple[int, int]:
    layer, head = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return int(layer), int(head)


def _null_mass(seen: reading.Read) -> np.ndarray:
    """Share of cross-attention on the null keys, by layer."""
    return seen.maps[..., : seen.nulls].sum(axis=-1).mean(axis=(0, 2, 3))
