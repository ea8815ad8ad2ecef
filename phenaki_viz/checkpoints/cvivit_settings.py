"""Settings of a C-ViViT, from the shapes of its tensors: its layers, frames and codes."""

import math
from typing import Any

from phenaki_viz.checkpoints.corrections import value_text
from phenaki_viz.checkpoints.finding import Finding
from phenaki_viz.checkpoints.settings import depth_of, ff_mult_of, heads_of
from phenaki_viz.errors import CheckpointError
from phenaki_viz.models.configs import CViViTConfig

LEVELS = {3: (8, 8, 8), 4: (8, 5, 5, 5), 5: (7, 5, 5, 5, 5), 6: (8, 8, 8, 5, 5, 5)}
SIDES = (4, 8, 16, 32)  # patches along a frame that are offered
MOST_SIDE = 2048  # pixels
MOST_BITS = 24  # of a code
MOST_LEVELS = 12  # numbers of a finite scalar code
MOST_SIZES = 24  # frame sizes that are offered; others can be typed


def cvivit_settings(found: Finding, tokens: int | None = None) -> CViViTConfig:
    """Of a C-ViViT. Raises CheckpointError when its tensors do not make one.

    tokens: what the MaskGit beside it has positions for.
    """
    dim, first = found.shape("to_patch_emb_first_frame.2.weight")
    _, later = found.shape("to_patch_emb.2.weight")
    found.inferred("dim", dim, "features of a patch's vector")
    layers = _cvivit_layers(found)
    if later % first:
        raise CheckpointError(
            f"a later patch has {later} numbers, the first frame's {first}: one must be a "
            "multiple of the other"
        )
    pt = found.inferred("temporal_patch_size", later // first, "numbers of a later patch")
    channels, patch = _patch(found, first)
    image = _image(found, patch, tokens)
    quantiser = _quantiser(found, dim)
    return CViViTConfig(
        dim=dim,
        image_size=image,
        patch_size=patch,
        temporal_patch_size=pt,
        channels=channels,
        **quantiser,
        **layers,
        **_cvivit_release(found),
        ff_mult=ff_mult_of(found, dim),
    )


def _cvivit_layers(found: Finding) -> dict[str, Any]:
    """Heads and depths of a C-ViViT, which its decoder shares."""
    heads, dim_head = heads_of(found, "enc_spatial_transformer", "spatial_rel_pos_bias")
    found.inferred("heads", heads, "outputs of the position bias")
    found.inferred("dim_head", dim_head, "length of q_scale")
    depths = {}
    for kind in ("spatial", "temporal"):
        layers = depth_of(found, f"enc_{kind}_transformer")
        why = f"layers of enc_{kind}_transformer"
        depths[f"{kind}_depth"] = found.inferred(f"{kind}_depth", layers, why)
    return {"heads": heads, "dim_head": dim_head, **depths}


def _cvivit_release(found: Finding) -> dict[str, Any]:
    """What differs between releases: PEG in the spatial layers, causality, null key/values."""
    old = found.has(r"enc_spatial_transformer\.layers\.\d+\.0\.dsconv")
    nulls = found.has(r"enc_spatial_transformer\.layers\.\d+\.1\.null_kv")
    found.inferred("spatial_peg", old, "PEG in the spatial layers, as before 2023, or not")
    why = "no file says it: masks have no weights"
    causal = found.assumed(
        "causal", not old, why + ("; older releases had none" if old else ""), (True, False)
    )
    layout = found.assumed(
        "peg_layout", "published", "released code reads the axes so", ("published", "rearranged")
    )
    if not nulls:
        found.inferred("null_kv", 0, "an older release: self-attention had none")
    return {"spatial_peg": old, "causal": causal, "peg_layout": layout}


def _patch(found: Finding, numbers: int) -> tuple[int, tuple[int, int]]:
    """Channels and patch: only their product is in the file."""
    options = [
        (channels, (rows, numbers // channels // rows))
        for channels in (3, 1, 4)
        if numbers % channels == 0
        for rows in range(1, min(numbers // channels, 256) + 1)
        if numbers // channels % rows == 0 and numbers // channels // rows <= 256
    ]
    square = [one for one in options if one[1][0] == one[1][1]]
    if not options:
        raise CheckpointError(f"a patch of {numbers} numbers has no channels and sides that fit")
    channels = found.assumed(
        "channels", (square or options)[0][0], f"only the product {numbers} is in the file",
        tuple(dict.fromkeys(one[0] for one in options)),
    )  # fmt: skip
    sizes = [one[1] for one in options if one[0] == channels]
    likely = next((size for size in sizes if size[0] == size[1]), sizes[len(sizes) // 2])
    patch = found.assumed(
        "patch_size", likely, f"{numbers} numbers over {channels} channels", tuple(sizes)
    )
    return channels, patch


def _image(found: Finding, patch: tuple[int, int], tokens: int | None) -> tuple[int, int]:
    """Frame size: the position bias works at any, so the file cannot say.

    tokens: the most that a MaskGit beside it has positions for; frames should divide it.
    """
    tall, wide = patch
    grids = [(side, side) for side in SIDES]
    why = "no tensor depends on it"
    if tokens:
        fitting = _grids_of(tokens)
        grids = fitting or [(h, w) for h, w in grids if h * w <= tokens] or [(1, 1)]
        why += f"; {tokens} positions divide into such frames" if fitting else ""
    options = tuple((tall * h, wide * w) for h, w in grids)
    square = [(tall * h, wide * w) for h, w in grids if h == w]
    small = [one for one in square if max(one) <= 256]
    likely = small[-1] if small else (square or options)[0]
    height, width = found.assumed(
        "image_size", likely, why, options,
        typed=f"height × width, as {tall * 3}×{wide * 5}: multiples of the patch, {tall}×{wide}",
        fits=lambda size: _divides(size, patch, tokens),
    )  # fmt: skip
    return height, width


def _grids_of(tokens: int) -> list[tuple[int, int]]:
    """Rows and columns of frames, two at least, that fill so many positions: squares first."""
    found = [
        (h, w)
        for h in range(2, 65)
        for w in range(2, 65)
        if tokens % (h * w) == 0 and tokens > h * w
    ]
    squares = [(h, w) for h, w in found if h == w]
    others = sorted(set(found) - set(squares), key=lambda one: max(one) / min(one))
    return squares + others[: max(0, MOST_SIZES - len(squares))]


def _divides(size: Any, patch: tuple[int, int], tokens: int | None) -> bool:
    """Whether a frame size is two whole multiples of the patch, and not absurd."""
    if not isinstance(size, tuple) or len(size) != 2:
        return False
    whole = all(
        isinstance(side, int) and 0 < side <= MOST_SIDE and side % part == 0
        for side, part in zip(size, patch, strict=True)
    )
    return whole and (tokens is None or size[0] // patch[0] * (size[1] // patch[1]) <= tokens)


def _quantiser(found: Finding, dim: int) -> dict[str, Any]:
    """Which quantiser, how many codes, and how they are written."""
    if "vq._codebook.embed" in found.shapes:
        return _codebook(found, dim)
    mask = found.shapes.get("vq.mask")
    projected = found.shapes.get("vq.project_in.weight")
    if mask is not None:
        bits = math.prod(mask.shape)
        if bits > MOST_BITS:
            raise CheckpointError(f"codes of {bits} bits: at most {MOST_BITS} are read here")
        found.inferred("quantiser", "lfq", "there is a bit mask and no codebook")
        found.inferred("codebook_size", 2**bits, f"{bits} bits")
        return {"quantiser": "lfq", "codebook_size": 2**bits}
    digits = found.shape("vq.project_in.weight")[0] if projected else dim
    found.inferred("quantiser", "fsq", "there is neither a codebook nor a bit mask")
    if digits > MOST_LEVELS:
        raise CheckpointError(
            f"{found.prefix}vq has no codebook, no bit mask and {digits} numbers a code: it is no "
            "quantiser of vector-quantize-pytorch that this program knows"
        )
    levels = found.assumed(
        "fsq_levels", LEVELS.get(digits, (5,) * digits),
        f"only their number, {digits}, is in the file",
        ((8,) * digits, (5,) * digits, LEVELS.get(digits, (7,) * digits)),
        typed=f"{digits} numbers of 3 to 32, as {value_text(tuple(range(3, 3 + digits)))}",
        fits=lambda correction: _are_levels(correction, digits),
    )  # fmt: skip
    size = math.prod(levels)
    return {"quantiser": "fsq", "codebook_size": size, "fsq_levels": tuple(levels)}


def _are_levels(levels: Any, count: int) -> bool:
    return (
        isinstance(levels, tuple)
        and len(levels) == count
        and all(isinstance(one, int) and 3 <= one <= 32 for one in levels)
    )


def _codebook(found: Finding, dim: int) -> dict[str, Any]:
    """A learned codebook: as wide as the model, or narrower and projected to."""
    *heads, size, width = found.shape("vq._codebook.embed")
    projected = found.shapes.get("vq.project_in.weight")
    if heads not in ([], [1]) or (projected and projected.shape[0] != width):
        raise CheckpointError(
            f"{found.prefix}vq has a codebook of {heads or [1]} × {size} × {width} and projects to "
            f"{projected.shape[0] if projected else dim}: several codes a token (heads of "
            "VectorQuantize) are not run here"
        )
    found.inferred("quantiser", "vq", "there is a learned codebook")
    found.inferred("codebook_size", size, "rows of the codebook")
    narrow = width if projected else 0
    if narrow:
        found.inferred("codebook_dim", narrow, "columns of the codebook, which is projected to")
    by_angle = "vq._codebook.embed_avg" not in found.shapes
    if by_angle:
        why = "no running sum: saved with vector-quantize-pytorch before 1.5, which ignored length"
        found.inferred("codes_by_angle", True, why)
    return {
        "quantiser": "vq",
        "codebook_size": size,
        "codebook_dim": narrow,
        "codes_by_angle": by_angle,
    }
