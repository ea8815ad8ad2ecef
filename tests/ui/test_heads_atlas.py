"""The page Heads opens an atlas: its table, over what it was taken, and what is wrong with it."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from phenaki_viz.analysis.head_columns import half_width, value
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.figures.head_sentences import row_sentence
from tests.atlas.corpus import clips, job_of, made, weights
from tests.sent import words_on


def drawn():
    from phenaki_viz.data import read_prompt
    from phenaki_viz.runs.model import run_model
    from phenaki_viz.ui.views.heads import heads_page
    from tests.runs.trained import clip, phenaki

    heads_page(run_model(phenaki(), clip(), read_prompt("left right")))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Atlases of these weights, with the sweep, and of other ones."""
    room = tmp_path_factory.mktemp("atlases")
    corpus = clips(room / "clips")
    for seed, masks in ((0, 1), (1, 0)):
        made(job_of(weights(room, seed), room / f"atlas_{seed}", masks=masks), corpus)
    return room


def page(folder):
    at = AppTest.from_function(drawn, default_timeout=120).run()
    at.button_group(key="maps").set_value("self").run()
    return opened(at, folder)


def opened(at, folder):
    at.text_input(key="heads.atlas.path").set_value(str(folder)).run()
    assert not at.exception
    return at


def test_an_atlas_takes_the_place_of_the_clip_and_gives_it_back(folders):
    at = page("")
    one_clip = at.dataframe[0].value
    at = opened(at, folders / "atlas_0")
    at.toggle(key="heads_all").set_value(True).run()
    table, atlas = at.dataframe[0].value, read_atlas(folders / "atlas_0")
    wanted = atlas.of_stack("maskgit.transformer", "self").rows
    for column, of in (("entropy", value), ("entropy_half", half_width)):
        numbers = [of(row, "entropy") for row in wanted]
        np.testing.assert_allclose(table[column], numbers, atol=1e-6)
    assert not np.isnan(table["effect"]).any()
    said = " ".join(words_on(at)).replace("\u2060", "").replace("\\", "")
    assert f"Atlas of 5 clips, weights {atlas.settings.weights_digest}, 50 % of the" in said
    assert "1 clip could not be measured: a_broken.gif, " in said
    assert "of each of 5 clips; ± is the 95 % interval" in said and not at.warning
    assert row_sentence(wanted[0])[:-1] in said and "Switching it off: " in said
    assert not [one for one in at.button if one.key == "heads.start"]
    at.button(key="heads.atlas.back").click().run()
    at.toggle(key="heads_all").set_value(False).run()
    assert list(at.dataframe[0].value["equal_keys"]) == list(one_clip["equal_keys"])
    assert [one for one in at.button if one.key == "heads.start"]


def test_of_other_weights_it_is_shown_with_a_warning(folders):
    at = page(folders / "atlas_1")
    assert len(at.dataframe[0].value) == 2
    assert "what the app looks at has" in at.warning[0].value


def test_what_is_no_atlas_is_an_error_and_the_clip_stays(folders, tmp_path):
    for folder, why in (
        (tmp_path, "holds no part of an atlas"),
        (tmp_path / "nowhere", "does not exist"),
    ):
        at = page(folder)
        assert at.error[0].value == "This atlas cannot be shown here."
        assert any(why in one.value for one in at.text) and len(at.dataframe[0].value) == 2
