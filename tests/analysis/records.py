"""Attention records with planted maps."""

import numpy as np
import torch

from phenaki_viz.recording import AttentionRecord, DenseMap, Places


def planted(attn: np.ndarray, places: Places | None = None, **changes: object) -> AttentionRecord:
    """A record whose map is exactly this, 'b h i j'."""
    b, h, i, _ = attn.shape
    fields: dict = {
        "module": "layers.0.1",
        "stack": "",
        "layer": 0,
        "kind": "self",
        "call": 0,
        "map": DenseMap(torch.from_numpy(attn.astype(np.float32))),
        "heads": tuple(range(h)),
        "batch_items": tuple(range(b)),
        "places": places or Places((i, 1, 1), "sequence"),
        "num_null_kv": 0,
        "causal": False,
        "scale": 8.0,
    }
    return AttentionRecord(**(fields | changes))


def uniform(b: int, h: int, i: int, j: int) -> np.ndarray:
    return np.full((b, h, i, j), 1 / j, np.float32)
