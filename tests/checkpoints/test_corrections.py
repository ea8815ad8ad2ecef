"""Settings a user corrects: known ones alone, in short or in full, as values or as words."""

from dataclasses import replace

import pytest
import torch

from phenaki_viz.checkpoints import inspect_checkpoint, open_checkpoint, save_model
from phenaki_viz.errors import CheckpointError
from tests.checkpoints.files import CVIVIT, FOR_CVIVIT, MASKGIT, OURS, PHENAKI, pt, weights

WHOLE = ("x.pt", pt(weights(PHENAKI)))
EYES = ("x.pt", pt(weights(CVIVIT)))
FILLER = ("x.pt", pt(weights(MASKGIT)))
WIDE = replace(CVIVIT, image_size=(24, 40))


@pytest.mark.parametrize(
    ("source", "corrections", "said"),
    [
        (EYES, {"casual": False}, r"'casual' is no setting .* did you mean causal\? Its settings"),
        (
            WHOLE,
            {"casual": False},
            r"did you mean cvivit\.causal\? Its settings are maskgit\.num_t",
        ),
        (WHOLE, {"image_sise": (8, 8)}, r"did you mean cvivit\.image_size\?"),
        (WHOLE, {"cvivit.peg": "published"}, r"'cvivit\.peg' is no setting"),
        (WHOLE, {"heads": 2}, r"heads is the end of maskgit\.heads and cvivit\.heads: say which"),
        (FILLER, {"image_size": (24, 40)}, "'image_size' is no setting of this file"),
        (FILLER, {"grid": "3x3x3"}, r"'grid' is no setting .* Its settings are num_tokens, dim"),
        (EYES, {"weights": "ema"}, "there are no weights under 'ema'"),
        (WHOLE, {"image_size": (8, 8), "cvivit.image_size": (16, 16)}, "is corrected twice"),
        (EYES, {"": 1}, "'' is no setting"),
    ],
)
@pytest.mark.parametrize("look", [inspect_checkpoint, open_checkpoint])
def test_a_name_that_is_no_setting_is_an_error_that_lists_the_known_ones(
    look, source, corrections, said
):
    with pytest.raises(CheckpointError, match=said):
        look(source, corrections)


@pytest.mark.parametrize("name", ["image_size", "cvivit.image_size"])
@pytest.mark.parametrize("value", [(8, 24), [8, 24], "8x24", "8 × 24", " 8*24 ", "8,24", "(8, 24)"])
def test_a_frame_size_in_every_way_to_write_it(name, value):
    assert open_checkpoint(WHOLE, {name: value}).config.cvivit.image_size == (8, 24)


@pytest.mark.parametrize(
    ("name", "value", "is_now"),
    [
        ("causal", "no", False),
        ("causal", "TRUE", True),
        ("causal", False, False),
        ("peg_layout", "rearranged", "rearranged"),
        ("image_size", "32", (32, 32)),
        ("image_size", 32, (32, 32)),
        ("channels", "1", 1),
        ("patch_size", "8x8", (8, 8)),
    ],
)
def test_values_as_words(name, value, is_now):
    config = open_checkpoint(EYES, {name: value}).config
    assert getattr(config, name) == is_now and type(getattr(config, name)) is type(is_now)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("causal", "perhaps", "causal is 'perhaps'; it must be yes or no"),
        ("image_size", "tall", "image_size is 'tall'; it must be whole numbers as in 24x40"),
        ("image_size", "24x40x8", "image_size cannot be 24×40×8"),
        (
            "image_size",
            (24, 41),
            r"cannot be 24×41: .* height × width, as 24×40: multiples of the p",
        ),
        ("image_size", (0, 8), "cannot be 0×8"),
        ("image_size", (8.0, 8.0), r"cannot be 8\.0×8\.0"),
        ("image_size", (8 * 10**6, 8), "cannot be 8000000×8"),
        ("image_size", None, "cannot be None"),
        (
            "peg_layout",
            "publisht",
            "peg_layout cannot be publisht: the file allows published, rear",
        ),
        ("heads", 3, r"heads is 2 in the file .* it cannot be 3"),
        ("heads", "many", "heads is 'many'; it must be a number"),
    ],
)
def test_values_that_cannot_be(name, value, said):
    with pytest.raises(CheckpointError, match=said):
        open_checkpoint(EYES, {name: value})


def test_frames_that_maskgit_has_no_positions_for():
    with pytest.raises(CheckpointError, match=r"cvivit\.image_size cannot be 32×40"):
        open_checkpoint(WHOLE, {"image_size": (32, 40)})  # 20 tokens a frame, 12 positions


def test_other_levels_of_a_scalar_quantiser():
    config = replace(CVIVIT, quantiser="fsq", fsq_levels=(8, 6, 5), codebook_size=240)
    source = ("x.pt", pt(weights(config)))
    opened = open_checkpoint(source, {**FOR_CVIVIT, "fsq_levels": "8,6,5"})
    assert opened.config == config
    for wrong in ("8,6", "8,6,2", "8,6,99"):
        with pytest.raises(CheckpointError, match="fsq_levels cannot be"):
            open_checkpoint(source, {"fsq_levels": wrong})


def test_settings_of_our_own_files_are_what_their_header_says(tmp_path):
    path = save_model(tmp_path / "ours.safetensors", OURS.build(), OURS)
    assert open_checkpoint(path, {"causal": "yes", "cvivit.image_size": "16x16"}).config == OURS
    with pytest.raises(CheckpointError, match=r"cvivit\.causal is yes, as the file's header says"):
        open_checkpoint(path, {"causal": False})
    with pytest.raises(CheckpointError, match=r"did you mean cvivit\.causal\?"):
        open_checkpoint(path, {"casual": False})


def test_what_is_assumed_and_what_the_user_says_are_told_apart_and_stay_with_the_model():
    opened = open_checkpoint(WHOLE, {"image_size": (8, 24), "causal": "no"})
    said = "\n".join(opened.inspection.assumptions)
    assert "cvivit.image_size = 8×24 (as you say; no tensor depends on it" in said
    assert "cvivit.causal = no (as you say; no file says it" in said
    assert "cvivit.peg_layout = published (assumed; released code reads the axes so)" in said
    for part in (opened.model, opened.model.cvivit, opened.model.maskgit):
        assert part.assumed == opened.inspection.assumptions


def test_frames_that_maskgits_positions_divide_into_are_offered_whatever_their_shape():
    sizes = {"max_seq_len": 75}
    whole = replace(PHENAKI, cvivit=WIDE, maskgit=replace(MASKGIT, **sizes))
    source = ("x.pt", pt(weights(whole)))
    settings = {one.name: one for one in inspect_checkpoint(source).settings}
    assert {(24, 40), (40, 24), (40, 40)} <= set(settings["cvivit.image_size"].options)
    assert settings["cvivit.image_size"].typed
    opened = open_checkpoint(source, {"image_size": (24, 40)})
    assert opened.config == whole and opened.model.cvivit.patch_height_width == (3, 5)
    with torch.no_grad():
        codes = opened.model.cvivit.codes_of(torch.rand(1, 1, 5, 24, 40))
        assert codes.shape == (1, 3, 3, 5)
        assert opened.model.cvivit.decode_from_codebook_indices(codes).shape == (1, 1, 5, 24, 40)
