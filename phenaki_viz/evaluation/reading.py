"""Which head of cross-attention reads a word where its digit is: areas under the ROC curve."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange

from phenaki_viz.data.digits import DIGITS, DigitClip, MovingDigit
from phenaki_viz.evaluation.judge import stacked
from phenaki_viz.models.phenaki import Phenaki
from phenaki_viz.models.text import WordEmbedding
from phenaki_viz.recording import record

COVERED = 0.08  # share of a patch that a digit must cover to count as there
HALF = 0.5  # share of the tokens that are masked


@dataclass(frozen=True, eq=False)
class Read:
    """Cross-attention of MaskGit over clips of which half the tokens are masked.

    maps: 'b l h i j' float32, null keys first. nulls: how many. loss: 'b i' cross-entropy, NaN
    where the token was not masked.
    """

    maps: np.ndarray
    nulls: int
    loss: np.ndarray


@torch.inference_mode()
def read(model: Phenaki, clips: list[DigitClip], captions: list[str], seed: int = 1) -> Read:
    """Run MaskGit on the codes of clips, half of them masked, with the captions as text.

    Raises TypeError for a model whose words are not learned.
    """
    codes = model.cvivit.codes_of(stacked(clips))
    grid = tuple(codes.shape[1:])
    flat = rearrange(codes, "b t h w -> b (t h w)")
    chance = torch.Generator().manual_seed(seed)
    masked = torch.rand(flat.shape, generator=chance) < HALF
    text = model.encode_texts
    if not isinstance(text, WordEmbedding):
        raise TypeError("this evaluation needs learned words")
    context, seen = text(captions)
    with record(model.maskgit, verify_rows=1) as recording:
        logits = model.maskgit(
            torch.where(masked, model.mask_id, flat),
            video_patch_shape=grid,
            context=context,
            text_mask=seen,
        )
    loss = F.cross_entropy(rearrange(logits, "b n c -> b c n"), flat, reduction="none")
    crossed = [one for one in recording if one.reads_words]
    maps = [
        np.stack([[one.map.full(b, h) for h in range(len(one.heads))] for b in range(len(clips))])
        for one in crossed
    ]
    return Read(
        maps=np.stack(maps, axis=1),
        nulls=crossed[0].num_null_kv,
        loss=loss.masked_fill(~masked, torch.nan).numpy(),
    )


def patches_of(digit: MovingDigit, model: Phenaki) -> np.ndarray:
    """Which tokens a digit covers, '(t h w)' bool."""
    covers = torch.from_numpy(digit.covers).float()
    pt = model.cvivit.temporal_patch_size
    later = rearrange(covers[1:], "(t pt) h w -> t pt h w", pt=pt).amax(dim=1)
    steps = torch.cat((covers[:1], later))
    share = F.avg_pool2d(steps[:, None], model.cvivit.patch_size)[:, 0]
    return (share > COVERED).flatten().numpy()


def auc(there: np.ndarray, weights: np.ndarray) -> float:
    """Chance that a token of the digit has more weight than one that is not; NaN without either."""
    from sklearn.metrics import roc_auc_score  # here: it takes a second to import

    if there.all() or not there.any():
        return float("nan")
    return float(roc_auc_score(there, weights))


def word_aucs(
    model: Phenaki, clips: list[DigitClip], seen: Read, word: Callable[[MovingDigit], int]
) -> np.ndarray:
    """AUC of each head for a word of each digit, 'l h': mean over clips and their digits."""
    _, layers, heads, _, _ = seen.maps.shape
    found = [
        [
            [
                auc(patches_of(digit, model), maps[layer, head, :, seen.nulls + word(digit)])
                for head in range(heads)
            ]
            for layer in range(layers)
        ]
        for clip, maps in zip(clips, seen.maps, strict=True)
        for digit in clip.digits
    ]
    return np.nanmean(np.array(found), axis=0)


def averaged_auc(model: Phenaki, clips: list[DigitClip], seen: Read) -> float:
    """AUC of the digit's word when the maps of all layers and heads are averaged first."""
    mean = seen.maps.mean(axis=(1, 2))
    found = [
        auc(patches_of(digit, model), maps[:, seen.nulls + digit.word])
        for clip, maps in zip(clips, mean, strict=True)
        for digit in clip.digits
    ]
    return float(np.nanmean(found))


def binding_aucs(model: Phenaki, clips: list[DigitClip], seen: Read) -> np.ndarray:
    """Two digits: does a digit's word go to its own tokens rather than the other's? 'l h'."""
    _, layers, heads, _, _ = seen.maps.shape
    found = []
    for clip, maps in zip(clips, seen.maps, strict=True):
        first, second = (patches_of(digit, model) for digit in clip.digits)
        either = first ^ second
        for own, digit in ((first, clip.digits[0]), (second, clip.digits[1])):
            weights = maps[:, :, either, seen.nulls + digit.word]
            found.append(
                [
                    [auc(own[either], weights[layer, head]) for head in range(heads)]
                    for layer in range(layers)
                ]
            )
    return np.nanmean(np.array(found), axis=0)


def wrong_word_rise(model: Phenaki, clips: list[DigitClip], seed: int = 1) -> tuple[float, float]:
    """Loss inside the digit, in nats, with the right word and with another digit's word."""
    chance = np.random.default_rng(seed)
    wrong = []
    for clip in clips:
        words = clip.caption.split()
        digit = clip.digits[0]
        words[digit.word] = DIGITS[(digit.digit + int(chance.integers(1, 10))) % 10]
        wrong.append(" ".join(words))
    inside = np.stack([patches_of(clip.digits[0], model) for clip in clips])
    right = read(model, clips, [clip.caption for clip in clips], seed).loss
    other = read(model, clips, wrong, seed).loss
    return float(np.nanmean(right[inside])), float(np.nanmean(other[inside]))
