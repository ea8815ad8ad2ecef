"""`record`: what is assumed and made up is told and kept, what would do nothing is refused."""

import argparse
from dataclasses import replace

import numpy as np
import pytest

from phenaki_viz.checkpoints.native_header import RECORDED
from phenaki_viz.cli import dialling, evaluate, main, record, train
from phenaki_viz.cli.commands import COMMANDS
from phenaki_viz.cli.sources import nearest_caption
from phenaki_viz.data import DIGIT_CLIPS
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording.files import HEADER
from phenaki_viz.runs.files import open_recording
from phenaki_viz.training.recipe import DIGITS
from tests.checkpoints.files import CRITIC, CVIVIT, MASKGIT, OURS, PHENAKI, pt, tensors, weights
from tests.models.tiny_t5 import save_tiny_t5

TALL = replace(CVIVIT, image_size=(24, 40), causal=False)
CONFIGS = {
    "cvivit": TALL,
    "maskgit": MASKGIT,
    "critic": replace(CRITIC, dim_context=0),
    "silent": replace(MASKGIT, dim_context=0, unconditional=True),
    "phenaki": replace(PHENAKI, cvivit=TALL, maskgit=replace(MASKGIT, max_seq_len=75)),
}
SMALL = ["--heads", "3", "--depth", "1", "--dim", "32", "--dim-head", "8", "--size", "32"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for name, config in CONFIGS.items():
        (folder / f"{name}.safetensors").write_bytes(tensors(weights(config)))
    from phenaki_viz.checkpoints import save_model

    save_model(folder / "ours.safetensors", OURS.build(), OURS)
    return folder


@pytest.fixture
def run(folder, tmp_path, capsys):
    """Run `record` on one of the weights; the exit code, what was told, and the recording."""

    def go(which, *options):
        out = tmp_path / "r.safetensors"
        weighed = ["--weights", str(folder / f"{which}.safetensors")] if which else SMALL
        code = main(["record", str(out), *weighed, *map(str, options)])
        printed = capsys.readouterr().err
        return code, printed, open_recording(out) if out.exists() else None

    return go


REFUSED = [
    ("cvivit", ["--heads", 7], "--heads is of the dialled model; with --weights, the file says it"),
    ("cvivit", ["--depth", 2], "--depth is of the dialled model"),
    ("cvivit", ["--dim-head", 2], "--dim-head is of the dialled model"),
    ("cvivit", ["--dim", 2], "--dim is of the dialled model"),
    ("cvivit", ["--patch", 4], "the file says it; to correct it: --set patch_size=…"),
    ("cvivit", ["--temporal-patch", 4], "--set temporal_patch_size=…"),
    ("cvivit", ["--causal"], "to correct it: --set causal=…"),
    ("cvivit", ["--layout", "joint"], "--layout is of the dialled model"),
    ("cvivit", ["--prompt", "a dog"], "--prompt does nothing: this CViViT reads no text"),
    ("cvivit", ["--seed", 3], "--seed does nothing: a CViViT fills in no tokens"),
    ("cvivit", ["--masked", 0.3], "--masked does nothing: a CViViT fills in no tokens"),
    ("cvivit", ["--grid", "3x3x5"], "--grid does nothing: the C-ViViT says how its tokens lie"),
    ("cvivit", ["--t5", "x"], "--t5 does nothing: this CViViT reads no text"),
    ("cvivit", ["--frames", 4], "allow 1 + a multiple of 2, up to 17"),
    ("cvivit", ["--frames", 99], "--frames 99: this model and the 17 frames of"),
    ("cvivit", ["--set", "casual=no"], "'casual' is no setting of this file; did you mean causal?"),
    ("cvivit", ["--set", "causal=perhaps"], "causal is 'perhaps'; it must be yes or no"),
    ("cvivit", ["--set", "causal=no", "--set", "causal=yes"], "--set causal is given twice"),
    (
        "cvivit",
        ["--size", 64, "--set", "image_size=24x40"],
        "--size and --set image_size say the s",
    ),
    ("cvivit", ["--size", "25x40"], "image_size cannot be 25×40"),
    ("maskgit", ["--size", 64], "--size does nothing: maskgit.safetensors has no C-ViViT"),
    ("maskgit", ["--clip", "x.gif"], "--clip does nothing: a MaskGit alone is shown no frames"),
    ("maskgit", ["--frames", 3], "--frames does nothing: a MaskGit alone is shown no frames"),
    ("maskgit", ["--start", 3], "--start does nothing: a MaskGit alone is shown no frames"),
    ("critic", ["--stride", 1], "--stride does nothing: a TokenCritic alone is shown no frames"),
    ("silent", ["--crop", 50, 50], "--crop does nothing: a MaskGit alone is shown no frames"),
    ("maskgit", ["--grid", "9x9x9"], "the video has 729 tokens; this model has positions for 12"),
    ("critic", ["--prompt", "a"], "--prompt does nothing: this TokenCritic reads no text"),
    ("silent", ["--prompt", "a"], "--prompt does nothing: this MaskGit reads no text"),
    ("phenaki", ["--grid", "3x3x5"], "--grid does nothing: the C-ViViT says"),
    ("phenaki", ["--set", "heads=3"], "heads is the end of maskgit.heads and cvivit.heads"),
    ("ours", ["--size", 64], "image_size is 16×16, as the file's header says; it cannot be 64×64"),
    ("ours", ["--t5", "x"], "--t5 does nothing: the file brings its own words"),
    *(
        (which, options, f"{options[0]} does nothing: it is about a file of yours; give --clip")
        for which in ("", "ours", "maskgit")
        for options in (
            ["--axes", "f h w"],
            ["--values", 0, 1],
            ["--part", "x"],
            ["--item", 0],
            ["--ground", "auto"],
            ["--each-once"],
        )
    ),
    ("", ["--set", "causal=no"], "--set is for weights: give --weights, or leave it out"),
    ("", ["--masked", 0.3], "--masked is for weights"),
    ("", ["--grid", "3x3x5"], "--grid is for weights"),
    ("", ["--t5", "x"], "--t5 is for weights"),
    ("", ["--layout", "factorised", "--prompt", "a"], "--prompt does nothing with --layout factor"),
]


@pytest.mark.parametrize(("which", "options", "said"), REFUSED)
def test_an_option_that_would_do_nothing_is_refused(run, which, options, said):
    code, printed, made = run(which, *options)
    assert (code, made) == (1, None)
    assert said in printed and printed.count("\n") <= 8


@pytest.mark.parametrize(
    "given",
    [
        ["record", "r.safetensors", "--weights", ""],
        ["record", "r.safetensors", "--clip", ""],
        ["export", "r.zip", "--weights", ""],
        ["sweep", "--weights", ""],
        ["sweep", "--clip", "", "--prompt", "a"],
        ["atlas", "generated:1", "--out", "r", "--weights", ""],
        ["atlas", "generated:1", "--out", ""],
        ["compare", "a.safetensors", "b.safetensors", "--out", ""],
        ["evaluate", ""],
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else given,
)
def test_an_empty_path_is_taken_for_no_other(given, tmp_path, monkeypatch, capsys):
    """Of a variable that was not set: it stood for random weights, or for the folder one is in."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(given)
    assert "it is empty, as a variable is that was not set" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_no_weights(run, tmp_path, capsys):
    assert main(["record", str(tmp_path / "r.safetensors"), "--heads", "1", "--depth", "1"]) == 0
    for command in (["evaluate"], ["sweep", "--weights"]):
        assert main([*command, str(tmp_path / "r.safetensors")]) == 1
        assert RECORDED == HEADER
        said = "r.safetensors: a recording of what attention did, and no weights are in it"
        assert said in capsys.readouterr().err


def test_every_option_of_record_is_in_the_table_or_used():
    """Whoever adds an option says here what it does with each kind of model."""
    refused = {option.split("=")[0] for _, options, _ in REFUSED for option in map(str, options)}
    used = {"--weights", "--storage", "--help", "-h"}
    assert {option for action in actions("record") for option in action.option_strings} <= (
        {option for option in refused if option.startswith("--")} | used
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--size", "tall"],
        ["--size", "0x"],
        ["--masked", "2"],
        ["--masked", "nan"],
        ["--grid", "3x3"],
        ["--grid", "0x3x3"],
        ["--set", "causal"],
        ["--set", "=no"],
        ["--frames", "0"],
        ["--seed", "-1"],
    ],
)
def test_values_that_cannot_be_are_refused_where_they_are_read(run, options):
    with pytest.raises(SystemExit, match="2"):
        run("phenaki", *options)


def test_every_assumption_is_told_and_kept(run):
    _, printed, made = run("cvivit", "--set", "causal=no", "--size", "24x40", "--frames", 5)
    by = made.recording.provenance
    assert by["checkpoint"] == "cvivit.safetensors" and len(by["file_digest"]) == 12
    names = [one.split(" = ")[0] for one in by["assumed"]]
    assert names == ["channels", "patch_size", "image_size", "causal", "peg_layout"]
    for sentence in by["assumed"]:
        assert f"  {sentence}\n" in printed
    assert "image_size = 24×40 (as you say" in printed
    assert "peg_layout = published (assumed" in printed
    assert made.clip.frames.shape[:3] == (5, 24, 40)
    assert [record.map.shape for record in made.recording] == [
        (3, 2, 15, 15), (15, 2, 3, 3), (15, 2, 3, 3), (3, 2, 15, 15)
    ]  # fmt: skip
    assert not any(record.causal for record in made.recording)


def test_random_codes_words_and_grids_are_told_and_kept(run):
    _, printed, made = run("maskgit", "--prompt", "a dog", "--seed", 4, "--masked", 0.25)
    notes = made.recording.provenance["notes"]
    for said in (
        "the codes are random",
        "their grid of 3 × 2 × 2 (steps × rows × columns) is assumed",
        "word vectors are random",
    ):
        assert sum(said in note for note in notes) == 1 and said in printed
    assert made.recording.provenance["masked_share"] == 0.25
    _, printed, made = run("maskgit", "--grid", "1x3x4")
    assert any("grid of 1 × 3 × 4 (steps × rows × columns) is as you say" in note
               for note in made.recording.provenance["notes"])  # fmt: skip
    assert made.recording.records[0].places.grid == (1, 3, 4)


def test_the_seed_says_which_tokens_are_masked(run):
    maps = []
    for seed in (0, 0, 1):
        _, _, made = run("phenaki", "--size", "24x40", "--seed", seed)
        (record,) = [r for r in made.recording if r.module == "maskgit.transformer.layers.0.1"]
        maps.append(record.map.full(0, 0))
    assert np.array_equal(maps[0], maps[1]) and not np.array_equal(maps[0], maps[2])


def test_a_dialled_model_says_that_it_is_random(run):
    _, printed, made = run("", "--prompt", "a dog")
    assert "the weights and the word vectors are random" in made.recording.provenance["notes"]
    assert "nothing says that it shows what the prompt says" in printed
    assert made.recording.provenance["random_weights"]


def test_frames_of_a_dialled_model_need_be_no_squares(run):
    _, _, made = run("", "--size", "32x48", "--frames", 3)
    assert made.clip.frames.shape[:3] == (3, 32, 48)
    assert made.recording.records[0].places.grid == (2, 4, 6)


def test_t5_reads_the_prompt(run, tmp_path):
    name = str(save_tiny_t5(tmp_path / "t5"))
    _, printed, made = run("phenaki", "--size", "24x40", "--prompt", "a dog", "--t5", name)
    (cross,) = [record for record in made.recording if record.kind == "cross"]
    assert cross.words[-1] == "</s>" and "word vectors are random" not in printed
    code, printed, _ = run("maskgit", "--t5", str(save_tiny_t5(tmp_path / "wide", dim=12)))
    assert code == 1 and "gives 12 features, the model reads 8" in printed


@pytest.mark.parametrize(
    ("prompt", "caption", "said"),
    [
        ("seven moving right", "seven moving right", "which shows what the prompt says"),
        ("SEVEN moving RIGHT", "seven moving right", "which shows what the prompt says"),
        ("nine moving up", "nine moving right slowly", "the nearest of those that come with"),
        ("two moving left", "two moving right quickly", "it does not show what the prompt says"),
        ("seven moving up", "seven moving right", "the nearest of those that come with the proj"),
        ("a red dog", "two moving right quickly", "the first; it does not show what the prompt"),
        ("", "two moving right quickly", "the prompt has no words"),
    ],
)
def test_the_clip_that_a_prompt_names(prompt, caption, said):
    found, sentence = nearest_caption(prompt.split())
    assert found == caption and said in sentence


@pytest.mark.parametrize("caption", DIGIT_CLIPS.values())
def test_every_caption_names_its_own_clip(caption):
    assert nearest_caption(caption.split())[0] == caption


@pytest.mark.parametrize(
    ("options", "clip", "prompt", "said"),
    [
        ([], "two moving right quickly", "two moving right quickly", "as none was given"),
        (["--prompt", "zero moving up quickly"], "zero moving up quickly", "zero moving up quickly",
         "which shows what the prompt says"),
        (["--prompt", "nine moving up"], "nine moving right slowly", "nine moving up",
         "it does not show what the prompt says"),
    ],
)  # fmt: skip
def test_record_chooses_a_clip_that_fits_or_says_that_it_does_not(
    tmp_path, capsys, options, clip, prompt, said
):
    out = tmp_path / "r.safetensors"
    assert main(["record", str(out), "--weights", "trained", *options]) == 0
    made = open_recording(out)
    assert (made.clip.name, made.prompt.text) == (clip, prompt)
    assert said in capsys.readouterr().err
    assert any(said in note for note in made.recording.provenance["notes"])


def test_ones_own_clip_is_named_and_nothing_is_claimed_of_it(run, tmp_path):
    clip = tmp_path / "mine.npy"
    np.save(clip, np.random.default_rng(0).integers(0, 256, (9, 40, 40), np.uint8))
    _, printed, made = run("phenaki", "--size", "24x40", "--clip", clip, "--prompt", "a dog")
    assert "clip: mine.npy; nothing says that it shows what the prompt says" in printed
    assert made.clip.name == "mine.npy"


def test_what_is_read_is_not_written_over(folder, tmp_path, capsys):
    path = tmp_path / "maskgit.pt"
    path.write_bytes(pt(weights(MASKGIT)))
    before = path.read_bytes()
    assert main(["record", str(path), "--weights", str(path)]) == 1
    assert "is the file of --weights: write to another" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_weights_in_a_folder(folder, tmp_path, capsys):
    inside = tmp_path / "ckpt"
    inside.mkdir()
    (inside / "pytorch_model.bin").write_bytes(pt(weights(TALL)))
    (inside / "optimizer.bin").write_bytes(b"of another kind")
    out = tmp_path / "r.safetensors"
    assert main(["record", str(out), "--weights", str(inside), "--size", "24x40"]) == 0
    assert "in the folder: pytorch_model.bin" in capsys.readouterr().err


# ---- help


def actions(command):
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in COMMANDS:
        module.add(commands)
    return commands.choices[command]._actions


@pytest.mark.parametrize("command", ["record", "train", "evaluate"])
def test_every_option_has_help_and_a_default(command):
    for action in actions(command):
        assert action.help and len(action.help) > 5, action
        if action.option_strings and "-h" not in action.option_strings:
            assert "(default: " in action.help, action.option_strings
            if isinstance(action.default, (int, str)):
                said = action.help.replace(",", "")
                assert f"(default: {action.default}" in said, action.option_strings


def test_defaults_that_help_names_are_those_that_are_used():
    dialled = DialConfig()
    assert {name: default for name, (default, _) in dialling.DIALS.items()} == {
        name: getattr(dialled, name) for name in dialling.DIALS
    }
    assert dialling.SIZE == dialled.height == dialled.width
    found = {name: default for name, _, default, _ in train.NUMBERS}
    assert found["--tokenizer-steps"] == DIGITS.tokenizer.steps
    assert found["--maskgit-steps"] == DIGITS.maskgit.steps
    assert found["--pool"] == DIGITS.pool and found["--seed"] == DIGITS.seed == DIGITS.data.seed


@pytest.mark.parametrize(
    ("module", "arguments"),
    [(module, [name, str(least - 1)]) for module in (train, evaluate)
     for name, least, _, _ in module.NUMBERS],
)  # fmt: skip
def test_numbers_that_would_be_ignored_or_cannot_be_are_refused(module, arguments, capsys):
    command = ["train", "digits", "x"] if module is train else ["evaluate"]
    with pytest.raises(SystemExit):
        main([*command, *arguments])
    assert "is no whole number from" in capsys.readouterr().err


def test_record_is_a_command():
    assert record in COMMANDS
