"""Text for cross-attention: words with learned vectors, or T5."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from phenaki_viz.errors import ConfigError

PAD = "‹pad›"
UNKNOWN = "‹unknown›"
MOST_T5_TOKENS = 256  # phenaki-pytorch 0.5.0, t5.py
DEFAULT_T5 = "google/t5-v1_1-base"


class WordEmbedding(nn.Module):
    """A learned vector a word and a learned vector a position, added: 'b words c'.

    Cross-attention is blind to order, so that without positions "three … two" would read as
    "two … three". Words not in the list share one vector.
    """

    def __init__(self, words: Sequence[str], dim: int, most_words: int) -> None:
        super().__init__()
        if not words or len(set(words)) != len(words) or not 1 <= most_words <= 1024:
            raise ConfigError(
                f"{len(words)} words ({len(set(words))} different) and room for {most_words}: "
                "give different words, and room for 1 to 1024"
            )
        self.words = tuple(words)
        self.most_words = most_words
        self.index = {word: at for at, word in enumerate((PAD, UNKNOWN, *words))}
        self.word_emb = nn.Embedding(len(self.index), dim)
        self.pos_emb = nn.Embedding(most_words, dim)

    @property
    def dim(self) -> int:
        """Width of a word's vector."""
        return self.word_emb.embedding_dim

    def split(self, text: str) -> tuple[str, ...]:
        """The words of a text as the model reads them: lower case, cut after `most_words`."""
        return tuple(text.lower().split()[: self.most_words])

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that have no vector of their own."""
        return tuple(word for word in self.split(text) if word not in self.index)

    def ids(self, texts: Sequence[str]) -> torch.Tensor:
        """'b words' int64 of the texts, padded at the end to the longest; at least one column."""
        split = [self.split(text) for text in texts]
        longest = max(1, *(len(words) for words in split)) if split else 1
        ids = torch.full((len(split), longest), self.index[PAD])
        for row, words in enumerate(split):
            for column, word in enumerate(words):
                ids[row, column] = self.index.get(word, self.index[UNKNOWN])
        return ids.to(self.word_emb.weight.device)

    def embed(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """'b words' int64 → vectors 'b words c', and which are words rather than padding."""
        vectors = self.word_emb(ids) + self.pos_emb.weight[: ids.shape[1]]
        return vectors, ids != self.index[PAD]

    def forward(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Texts → vectors 'b words c' and mask 'b words' bool."""
        return self.embed(self.ids(texts))


class T5Text:
    """Text through a frozen T5 encoder, as checkpoints of phenaki-pytorch were trained.

    name: a folder, or a model of the Hugging Face hub, which is downloaded at first use.
    Not a module: its weights are not part of a Phenaki.
    Raises ConfigError when `transformers` is not installed or the encoder cannot be loaded.
    Source: phenaki-pytorch 0.5.0, t5.py.
    """

    def __init__(self, name: str | Path = DEFAULT_T5, *, offline: bool = False) -> None:
        try:
            from transformers import AutoTokenizer, T5EncoderModel
        except ModuleNotFoundError as error:
            raise ConfigError(
                "T5 needs the transformers package: pip install 'phenaki-viz[t5]'"
            ) from error
        self.name = str(name)
        where: dict[str, Any] = {"local_files_only": offline}
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(str(name), **where)
            # Never a pickle: an encoder without safetensors is refused by the library.
            self.encoder: Any = T5EncoderModel.from_pretrained(
                str(name), use_safetensors=True, **where
            ).eval()
        except (OSError, ValueError, ImportError) as error:
            raise ConfigError(f"the T5 encoder {name} could not be loaded: {error}") from error

    @property
    def dim(self) -> int:
        """Width of a token's vector."""
        return int(self.encoder.config.d_model)

    def split(self, text: str) -> tuple[str, ...]:
        """The pieces T5 makes of a text, its end mark included."""
        ids = self.tokenizer(text, truncation=True, max_length=MOST_T5_TOKENS).input_ids
        return tuple(self.tokenizer.convert_ids_to_tokens(ids))

    def unknown(self, text: str) -> tuple[str, ...]:
        """Pieces T5 has no vector for: none in practice, as it falls back to letters."""
        return tuple(piece for piece in self.split(text) if piece == self.tokenizer.unk_token)

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Texts → vectors 'b tokens c', 0 where padded, and mask 'b tokens' bool."""
        read = self.tokenizer(
            list(texts),
            return_tensors="pt",
            padding="longest",
            max_length=MOST_T5_TOKENS,
            truncation=True,
        )
        mask = read.attention_mask.bool()
        out = self.encoder(input_ids=read.input_ids, attention_mask=read.attention_mask)
        return out.last_hidden_state.masked_fill(~mask[..., None], 0.0), mask
