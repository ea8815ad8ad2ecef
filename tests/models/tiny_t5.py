"""A T5 encoder of a few thousand weights, saved as the library saves any other."""

from pathlib import Path

import pytest
import torch

WORDS = ["<pad>", "</s>", "<unk>", "a", "digit", "moving", "left"]


def save_tiny_t5(path: Path, dim: int = 8) -> Path:
    """Tokenizer and encoder of `dim` features in a folder; skips without transformers."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    ids = {word: at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(path)
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=len(WORDS), d_model=dim, d_kv=4, d_ff=16, num_layers=1, num_heads=2,
        decoder_start_token_id=0,
    )  # fmt: skip
    transformers.T5EncoderModel(config).save_pretrained(path)
    return path
