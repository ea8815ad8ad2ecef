"""Settings of a model, from the shapes of its tensors: what is read, inferred, or assumed."""

import re

from phenaki_viz.checkpoints.finding import Finding
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models.configs import CriticConfig, MaskGitConfig


def maskgit_settings(found: Finding) -> MaskGitConfig:
    """Of a MaskGit. Raises CheckpointError when its tensors do not make one."""
    kept, dim = found.shape("token_emb.weight")
    tokens = found.shape("to_logits.weight")[0]
    if kept != tokens + 1:
        raise CheckpointError(
            f"token_emb has {kept} vectors and to_logits {tokens} codes; a MaskGit has one vector "
            "more, for masked tokens"
        )
    heads, dim_head = heads_of(found, "transformer", "continuous_pos_bias")
    depth = depth_of(found, "transformer")
    context = _context(found)
    found.inferred("num_tokens", tokens, "outputs of to_logits")
    _common(found, dim, heads, dim_head, depth, context)
    return MaskGitConfig(
        dim=dim,
        num_tokens=tokens,
        max_seq_len=_positions(found),
        depth=depth,
        heads=heads,
        dim_head=dim_head,
        dim_context=context,
        ff_mult=ff_mult_of(found, dim),
        unconditional=not context,
    )


def critic_settings(found: Finding) -> CriticConfig:
    """Of a TokenCritic. Raises CheckpointError when its tensors do not make one."""
    kept, dim = found.shape("token_emb.weight")
    dim_head = found.shape("transformer.layers.0.1.q_scale")[0]
    heads = found.shape("transformer.layers.0.1.to_q.weight")[0] // dim_head
    depth = depth_of(found, "transformer")
    context = _context(found)
    nulls = found.shape("transformer.layers.0.2.null_kv")[1] // 2 if context else 2
    found.inferred("num_tokens", kept - 1, "vectors of token_emb, less one for masked tokens")
    _common(found, dim, heads, dim_head, depth, context)
    if context:
        found.inferred("null_kv", nulls, "shape of null_kv")
    return CriticConfig(
        dim=dim,
        num_tokens=kept - 1,
        max_seq_len=_positions(found),
        depth=depth,
        heads=heads,
        dim_head=dim_head,
        dim_context=context,
        null_kv=nulls,
        ff_mult=ff_mult_of(found, dim),
    )


def _common(found: Finding, dim: int, heads: int, dim_head: int, depth: int, context: int) -> None:
    found.inferred("dim", dim, "features of a token's vector")
    found.inferred("heads", heads, "width of to_q over dim_head")
    found.inferred("dim_head", dim_head, "length of q_scale")
    found.inferred("depth", depth, "layers of the transformer")
    reads = "inputs of cross-attention's to_kv" if context else "there is no cross-attention"
    found.inferred("dim_context", context, reads)


def _positions(found: Finding) -> int:
    return int(found.inferred("max_seq_len", found.shape("pos_emb.weight")[0], "rows of pos_emb"))


def heads_of(found: Finding, transformer: str, bias: str) -> tuple[int, int]:
    """Heads and their width: the position bias counts the first, q_scale the second.

    Raises CheckpointError where they do not make the width of the queries.
    """
    first = f"{transformer}.layers.0.1"
    last = max(
        (key for key in found.shapes if re.match(rf"{bias}\.net\.\d+\.weight", key)),
        default=f"{bias}.net.2.weight",
    )
    heads = found.shape(last)[0]
    if f"{first}.q_scale" not in found.shapes:  # no layers: any width would do
        return heads, 64
    dim_head = found.shape(f"{first}.q_scale")[0]
    inner = found.shape(f"{first}.to_q.weight")[0]
    if heads * dim_head != inner:
        raise CheckpointError(
            f"{found.prefix}{first}: {heads} heads of {dim_head} make {heads * dim_head}, to_q "
            f"has {inner}"
        )
    return heads, dim_head


def depth_of(found: Finding, transformer: str) -> int:
    """How many layers a transformer has; 0 where it is not there."""
    layers = [
        int(match[1])
        for key in found.shapes
        if (match := re.match(rf"{transformer}\.layers\.(\d+)\.", key))
    ]
    return 1 + max(layers, default=-1)


def _context(found: Finding) -> int:
    key = "transformer.layers.0.2.to_kv.weight"
    if key not in found.shapes:
        return 0
    if "transformer.layers.0.2.null_kv" not in found.shapes:
        raise CheckpointError(
            "cross-attention has no null key/values here: releases before 0.0.30 had none, and "
            "this program cannot run them"
        )
    return found.shape(key)[1]


def ff_mult_of(found: Finding, dim: int) -> float:
    """A multiplier whose feed-forward has the width found; 4 where it fits.

    Raises CheckpointError where no multiplier gives that width.
    """
    key = next((key for key in found.shapes if re.search(r"layers\.0\.3\.4\.weight$", key)), None)
    if key is None:
        return 4
    inner = found.shape(key)[1]
    tried = (4, 2, 1, 3, 8, 6, 0.5, 1.5, (inner + 0.5) * 3 / (2 * dim))
    mult = next((mult for mult in tried if int(mult * (2 / 3) * dim) == inner), None)
    if mult is None:
        raise CheckpointError(f"no feed-forward of a model with dim {dim} is {inner} wide")
    found.inferred("ff_mult", mult, "width of the feed-forward")
    return mult
