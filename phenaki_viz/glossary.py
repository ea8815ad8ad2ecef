"""The words that pages, notebooks and docs use, each in one sentence, with where it comes from."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word as it is used here.

    name: as a page writes it. means: one sentence. source: paper and section, or the class of
    phenaki-pytorch; empty for words of this program. also: other ways it is written.
    """

    name: str
    means: str
    source: str = ""
    also: tuple[str, ...] = ()


def _term(name: str, means: str, source: str = "", *also: str) -> Term:
    return Term(name=name, means=means, source=source, also=also)


_ALL = (
    _term(
        "query", "The token that looks: a row of an attention map, whose weights sum to 1.",
        "Vaswani et al. 2017, Attention Is All You Need, section 3.2", "queries",
    ),
    _term(
        "key", "A token, word or null that is looked at: a column of an attention map.",
        "Vaswani et al. 2017, section 3.2", "keys",
    ),
    _term(
        "head", "One of several attention maps that a layer makes side by side, each from its own "
        "queries, keys and values; H3 is the fourth, counted from 0.",
        "Vaswani et al. 2017, section 3.2.2", "heads",
    ),
    _term(
        "layer", "One block of a transformer; L0 is the first to run.",
        "Vaswani et al. 2017, section 3.1", "layers",
    ),
    _term(
        "null key", "A learned key/value that stands before the real ones: weight on it is weight "
        "that reads nothing of the video or the text.",
        "phenaki-pytorch, Attention(num_null_kv)", "null keys", "null key/values",
    ),
    _term(
        "sink", "A key that gets far more than an even share, on average over the queries that "
        "see it.",
        "Xiao et al. 2023, Efficient Streaming Language Models with Attention Sinks", "sinks",
    ),
    _term(
        "dense map", "A map of which every weight is stored.", "", "maps dense", "dense maps",
    ),
    _term(
        "factored", "Of a map: its queries, keys and each row's log-sum-exp are stored, and every "
        "weight is recomputed exactly where it is shown.",
        "Dao et al. 2022, FlashAttention (2205.14135), section 3.1",
    ),
    _term(
        "× uniform", "How many times the weight a query that does not choose would give: 1 over "
        "its visible keys.", "", "uniform",
    ),
    _term(
        "spatial", "Of attention within one time step; a spatial head keeps at least half of its "
        "weight, and 1.5 × uniform, in the query's own time step.",
        "Xi et al. 2025, Sparse VideoGen (2502.01776), section 3",
    ),
    _term(
        "temporal", "Of attention along time at one place; a temporal head puts as much on its own "
        "place, one patch around, in other time steps.",
        "Xi et al. 2025, Sparse VideoGen (2502.01776), section 3",
    ),
    _term(
        "global", "Of a head that chooses keys, but is neither spatial nor temporal.",
        "Xi et al. 2025, Sparse VideoGen (2502.01776), section 3",
    ),
    _term(
        "self attention", "Attention in which the tokens of the video look at each other.",
        "Vaswani et al. 2017, section 3.2.3", "self-attention",
    ),
    _term(
        "cross attention", "Attention in which the tokens of the video read the words of the text.",
        "Vaswani et al. 2017, section 3.2.3", "cross-attention",
    ),
    _term(
        "entropy", "How spread a query's weights are, in bits: 0 is one key, log2 of the visible "
        "keys is no choice at all.",
        "Clark et al. 2019, What Does BERT Look At?, section 3.3",
    ),
    _term(
        "JS distance", "Jensen–Shannon distance: how far two rows of weights are apart, 0 where "
        "they are alike, 1 where they share no key.",
        "Lin 1991, Divergence Measures Based on the Shannon Entropy",
    ),
    _term(
        "AUC", "How well a weight tells tokens with something on them from the others: 0.5 is not "
        "at all, 1 is perfectly; the area under the ROC curve.",
        "Fawcett 2006, An Introduction to ROC Analysis",
    ),
    _term(
        "position bias", "What a small network adds to the score for the offset between two "
        "patches, whatever is on them.",
        "phenaki-pytorch, ContinuousPositionBias; Liu et al. 2021, Swin Transformer V2",
    ),
    _term(
        "ALiBi", "A penalty on the score that grows with the distance between query and key, at a "
        "slope of its own for each head.", "Press et al. 2022, Train Short, Test Long",
    ),
    _term(
        "PEG", "A depthwise 3×3×3 convolution before an attention, from which tokens know where "
        "they are.", "Chu et al. 2021, Conditional Positional Encodings; phenaki-pytorch, PEG",
    ),
    _term(
        "attention rollout", "The product over layers of half a token and half its heads' mean "
        "attention: approximate, as values, PEG and feed-forward are left out.",
        "Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers, section 3",
    ),
    _term(
        "masked", "Of a token: hidden from MaskGit, to be filled in. Of a key: hidden from a "
        "query, whose weight on it is 0.", "Chang et al. 2022, MaskGIT, section 3",
    ),
    _term(
        "causal", "Of attention in which a query sees itself and what came before, never later "
        "keys.", "Vaswani et al. 2017, section 3.2.3",
    ),
    _term(
        "padding", "Tokens or words that only fill up a length; a mask hides them as keys.", "",
        "padded",
    ),
    _term(
        "guidance", "Running the model with and without the text, and going further in the "
        "direction in which the text changes its logits.",
        "Ho and Salimans 2022, Classifier-Free Diffusion Guidance", "guidance pass",
    ),
    _term(
        "token", "A patch of the video over one time step, as a code of the codebook.",
        "Villegas et al. 2022, Phenaki (2210.02399), section 2.1", "tokens",
    ),
    _term(
        "time step", "A token's place in time: the first frame alone, then a few frames each.",
        "Villegas et al. 2022, Phenaki (2210.02399), section 2.1", "time steps",
    ),
    _term(
        "decoding step", "One round of sampling: MaskGit fills in every masked token, then masks "
        "some of them again.", "Chang et al. 2022, MaskGIT, section 3.2", "decoding steps",
    ),
    _term(
        "training step", "One update of the weights, from a few clips.", "", "training steps",
    ),
    _term(
        "nats", "The unit of the loss: −ln of the probability of the true code; 1 nat is a factor "
        "of 2.7.", "Shannon 1948, section 1", "nat",
    ),
    _term(
        "C-ViViT", "The encoder and decoder between video and tokens: attention within each frame, "
        "then along time at each patch.",
        "Villegas et al. 2022, Phenaki (2210.02399), section 2.1",
    ),
    _term(
        "MaskGit", "The transformer that fills in masked tokens of the video while it reads the "
        "text.", "Chang et al. 2022, MaskGIT; Villegas et al. 2022, section 2.2",
    ),
)  # fmt: skip
TERMS: dict[str, Term] = {term.name: term for term in _ALL}
_NAMES = {written.casefold(): term for term in _ALL for written in (term.name, *term.also)}
_LONGEST_FIRST = sorted(_NAMES, key=len, reverse=True)
_FIND = re.compile(
    r"(?<![\w-])(" + "|".join(map(re.escape, _LONGEST_FIRST)) + r")(?![\w-])", re.IGNORECASE
)
_QUOTED = re.compile(r"“[^”]*”")  # a word of the prompt is no term


def about(name: str) -> str:
    """A term with its meaning and source, for a tooltip. Raises KeyError for a word not in here."""
    term = TERMS[name]
    return f"{term.name}: {term.means}" + (f" ({term.source})" if term.source else "")


def found_in(text: str) -> dict[str, str]:
    """Terms as a text writes them, each once, and what they mean; none inside quotation marks.

    Of terms within each other the longest counts: 'null key' is not also a 'key'.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for match in _FIND.finditer(_QUOTED.sub("", text)):
        term = _NAMES[match[1].casefold()]
        if term.name not in seen:
            seen.add(term.name)
            found[match[1]] = term.means
    return found
