"""How queries and keys of one attention lie along each other: the queries are the last of the keys.

Query q of i stands beside key q + (j − i) of j. Which comes later, and how far two tokens are from
each other, follow from that one line; causal masks and ALiBi follow from those.
Source: phenaki-pytorch 0.5.0 attention.py, AlibiPositionalBias and the causal mask of Attention.
"""

from typing import TypeVar

import numpy as np
import torch

Numbers = TypeVar("Numbers", torch.Tensor, np.ndarray)


def beside(query: torch.Tensor, queries: int, keys: int) -> torch.Tensor:
    """The key that each query stands beside, int; below 0 where there are more queries than keys.

    query: indices of queries, of `queries` in all; keys: how many keys there are in all.
    """
    return query + (keys - queries)


def is_later(query: torch.Tensor, key: torch.Tensor, queries: int, keys: int) -> torch.Tensor:
    """Whether a key comes after a query, which a causal mask hides from it: 'q k' bool.

    query, key: indices, 'q' and 'k', of `queries` and `keys` in all.
    """
    return key[None, :] > beside(query, queries, keys)[:, None]


def distance(query: torch.Tensor, key: torch.Tensor, queries: int, keys: int) -> torch.Tensor:
    """How many tokens a key is from a query, either way: 'q k' int, 0 or more.

    query, key: indices, 'q' and 'k', of `queries` and `keys` in all.
    """
    return (beside(query, queries, keys)[:, None] - key[None, :]).abs()


def alibi(slopes: Numbers, distance: Numbers) -> Numbers:
    """ALiBi's penalty, −slope · distance: 'h …', in the units of the scores before softmax.

    slopes: of h heads, with any axes of length 1 behind. distance: '…', in tokens.
    Source: Press et al. 2022, Train Short, Test Long, section 3.
    """
    return -slopes.reshape(-1, *(1,) * distance.ndim) * distance


def with_nulls(key_mask: torch.Tensor, nulls: int) -> torch.Tensor:
    """A mask 'b n' over the real keys, with the null keys before them, always seen: 'b j' bool."""
    first = key_mask.new_ones((len(key_mask), nulls))
    return torch.cat((first, key_mask), dim=1)
