"""`phenaki-viz export`: any run, any kind, layer, head and page, as one file or as a ZIP."""

import io
import json
import re
import zipfile

import numpy as np
import pytest

from phenaki_viz.cli import main
from phenaki_viz.export import read_provenance
from phenaki_viz.runs.files import open_recording

SMALL = ["--heads", "3", "--depth", "2", "--dim", "32", "--dim-head", "8", "--size", "32x24"]
SHOWN = ["--prompt", "two words"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run.safetensors"
    assert main(["record", str(path), *SMALL, *SHOWN, "--causal"]) == 0
    return path


@pytest.fixture
def export(recording, tmp_path, capsys):
    """Export from the recording; the exit code, what was said, and the file."""

    def run(name, *words):
        capsys.readouterr()
        code = main(["export", str(tmp_path / name), "--from", str(recording), *words])
        return code, capsys.readouterr().err, tmp_path / name

    return run


def test_one_head_of_a_recording_as_one_file_of_exact_numbers(export, recording):
    code, said, path = export("map.npz", "--maps", "cross", "--layer", "1", "--head", "2")
    assert code == 0 and "L1 H2 · cross attention" in said
    (record,) = open_recording(recording).recording.select(kind="cross", layer=1)
    wanted = record.map.full(0, 2)
    with np.load(path, allow_pickle=False) as arrays:
        found = [arrays[name] for name in arrays.files if arrays[name].shape == wanted.shape]
        assert any(np.array_equal(one, wanted) for one in found)


def test_the_file_says_what_made_it_and_how_it_is_coloured(export):
    code, _, path = export(
        "map.png", "--maps", "self", "--layer", "0", "--head", "0", "--colours", "linear",
        "--up-to-largest", "--own-scale",
    )  # fmt: skip
    provenance = read_provenance(path)
    assert code == 0 and (provenance["layer"], provenance["head"]) == (0, 0)
    assert provenance["scale"].startswith("colour linear from 0 to ")
    assert "above" not in provenance["scale"] and provenance["scale"].endswith("this head")


@pytest.mark.parametrize(
    ("pictures", "names"),
    [
        ("heads", 2 * 3 * 2),  # layers, heads, kinds
        ("grid", 2),
        ("words", 2 * 3 * 4),  # two words and two null keys, of cross-attention alone
        ("masks", 2 * 2 * 2),
        ("position", 6),  # a grid, a surface a head; ALiBi's slopes and penalties
    ],
)
def test_a_zip_of_every_page(export, pictures, names):
    code, said, path = export("all.zip", "--pictures", pictures, "--formats", "csv")
    found = [name for name in zipfile.ZipFile(path).namelist() if name.startswith("csv/")]
    assert code == 0 and len(found) == names, found
    assert f"{names} {'heads' if pictures == 'heads' else 'pictures'}" in said


def test_of_some_layers_and_heads_with_the_scale_of_all(export):
    code, _, path = export("some.zip", "--maps", "self", "--head", "1", "--formats", "npz")
    inside = zipfile.ZipFile(path)
    names = [name for name in inside.namelist() if name.endswith(".npz")]
    assert code == 0 and len(names) == 2 and all("H01" in name for name in names)
    said = []
    for name in names:
        with np.load(io.BytesIO(inside.read(name)), allow_pickle=False) as arrays:
            said.append(json.loads(str(arrays["provenance"]))["scale"])
    assert said[0] == said[1] and said[0].endswith("ends from all heads and layers")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x.png"], "12 pictures are picked and x.png holds one"),
        (["x.tif"], "x.tif ends in no format: use .zip, .png"),
        (["x.png", "--formats", "png"], "--formats is for a .zip"),
        (["x.zip", "--layer", "7"], "no layer 7 in these maps: there are 0, 1"),
        (["x.zip", "--head", "3"], "no head 3 in these maps: there are 0, 1, 2"),
        (["x.zip", "--video", "1"], "no video 1 in these maps: there are 0"),
        (["x.zip", "--maps", "temporal"], "no maps of the kind 'temporal': there are self, cross"),
        (["x.zip", "--pass", "with the text"], "no pass 'with the text': there are first, all"),
        (["x.zip", "--pictures", "paintings"], "no pictures called 'paintings'"),
        (["x.zip", "--prompt", "two"], "--prompt does nothing: with --from, nothing is run"),
        (["x.zip", "--heads", "4"], "--heads does nothing: with --from"),
        (["x.zip", "--formats", "bmp"], "no export format 'bmp'"),
    ],
)
def test_what_would_do_nothing_or_is_not_there_is_one_sentence(export, words, said):
    code, found, path = export(*words)
    assert code == 1 and said in found and "Traceback" not in found
    assert not path.exists()


def test_words_of_a_model_without_text_are_nothing_to_export(export):
    code, said, _ = export("x.zip", "--maps", "self", "--pictures", "words")
    assert code == 1 and "nothing of what was picked" in said


def test_weights_are_run_and_exported(tmp_path, capsys):
    path = tmp_path / "heads.zip"
    words = ["--weights", "trained", "--prompt", "two moving right", "--maps", "cross"]
    assert main(["export", str(path), *words, "--layer", "1", "--formats", "npz"]) == 0
    names = zipfile.ZipFile(path).namelist()
    assert sum(name.endswith(".npz") for name in names) == 4
    assert "4 heads" in capsys.readouterr().err


def test_every_option_says_what_it_does_and_its_default(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for option in ("--from", "--maps", "--layer", "--head", "--pass", "--formats", "--colours"):
        assert option in said
    assert said.count("(default:") >= 20


def test_a_linked_page_holds_all_heads_and_opens_on_one(export):
    code, said, path = export(
        "look.html", "--linked", "--maps", "self", "--layer", "1", "--head", "2"
    )  # fmt: skip
    assert code == 0 and "self attention, all heads" in said and "MB" in said
    page = path.read_text(encoding="utf-8")
    assert '"chosen": [1, 2, 0]' in page and page.count('id="map ') == 2 * 3 - 1  # one is shown
    assert read_provenance(path)["layer"] == 1


@pytest.mark.parametrize(
    ("name", "words", "advice"),
    [
        ("look.zip", ["--linked"], r"should end in \.html"),
        ("look.html", ["--linked", "--head", "0", "1"], "say one --head"),
        ("look.html", ["--linked", "--video", "3"], "no video 3"),
    ],
)
def test_what_no_linked_page_can_be_is_said(export, name, words, advice):
    code, said, path = export(name, *words)
    assert code != 0 and re.search(advice, said) and not path.exists()
