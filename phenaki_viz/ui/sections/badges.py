"""What stands beside a heading where numbers are not what they seem: made up, not learned."""

from collections.abc import Mapping
from typing import Any

from phenaki_viz.figures.words import plain
from phenaki_viz.recording import describe_origin

WORDS = (
    "The model has no text encoder, or none that has learned: each word is a random vector, the "
    "same word always the same. Where a word is read says nothing of what it means."
)


def badge_of(provenance: Mapping[str, Any]) -> tuple[str, str] | None:
    """A few words and what they mean; None where weights and words were learned."""
    weights, words = provenance.get("random_weights"), provenance.get("random_words")
    if weights:
        about = plain(describe_origin(provenance))
        return ("random weights and words", f"{about}. {WORDS}") if words else (
            "random weights", about,
        )  # fmt: skip
    return ("random word vectors", WORDS) if words else None
