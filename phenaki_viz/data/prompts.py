"""The text: a prompt becomes words, words become vectors that serve as keys."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from phenaki_viz.nouns import subject

MOST_WORDS = 32
MOST_CHARACTERS = 2000
# They shape letters in Persian, in Indic scripts and in emoji, and move no text about.
JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Prompt:
    """text: as it is used. words: split at white space, markup untouched. notes: what was cut."""

    text: str
    words: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_prompt(
    text: str, *, max_words: int = MOST_WORDS, max_chars: int = MOST_CHARACTERS
) -> Prompt:
    """Words of a prompt. Control and direction characters go, joiners that join nothing, and what
    is too long; all is noted. An empty prompt has no words: cross-attention then sees null keys
    only.
    """
    notes = []
    clean = "".join(" " if ch.isspace() else ch for ch in text)
    kept = "".join(ch for ch in clean if not _is_control(ch))
    kept = re.sub(rf"(?<!\S)[{JOINERS}]+(?!\S)", "", kept)
    if gone := len(clean) - len(kept):
        notes.append(f"{subject(gone, 'invisible control character', 'was', 'were')} removed")
    if len(kept) > max_chars:
        notes.append(f"the prompt has {len(kept):,} characters; the first {max_chars:,} are used")
        kept = kept[:max_chars]
    words = tuple(kept.split())
    if len(words) > max_words:
        notes.append(f"the prompt has {len(words)} words; the first {max_words} are used")
        words = words[:max_words]
    if not words:
        notes.append("no words: all cross-attention goes to the null keys")
    return Prompt(" ".join(words), words, tuple(notes))


def _is_control(ch: str) -> bool:
    return ch not in JOINERS and unicodedata.category(ch) in ("Cc", "Cf", "Cs")


def embed_words(words: Sequence[str], dim: int, *, seed: int) -> torch.Tensor:
    """Random word vectors '1 words dim', N(0, 1), float32: untrained.

    The same word gets the same vector wherever it stands and whatever stands beside it.
    """
    vectors = [_vector(word, dim, seed) for word in words]
    return torch.stack(vectors)[None] if vectors else torch.zeros(1, 0, dim)


def _vector(word: str, dim: int, seed: int) -> torch.Tensor:
    digest = hashlib.sha256(f"{seed}:{word}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7]))
    return torch.randn(dim, generator=generator)
