"""What a page's words are of, its pictures show: in one run of the script, and from run to run."""

from streamlit.testing.v1 import AppTest

from tests.ui.test_other_pages import drawn, masks, position
from tests.ui.test_pages import sent
from tests.ui.test_trained_pages import sampling, text
from tests.ui.test_what_if import drawn_with_picks


def agreed(at: AppTest) -> dict[str, str]:
    """What each picture shows that words speak of, which is what they say it does."""
    assert not at.exception
    found = {key: header for key, (header, _) in sent(at).items()}
    pictures = {}
    for header in (one for one in found.values() if "tag" in one):
        place = ".".join(map(str, header["place"] or ()))
        for key, of in header["of"].items():
            shown = found.get(key, {}).get("shows")
            if shown is not None:
                of = of.replace("{place}", place)
                assert shown == of or shown.startswith(f"{of} "), (key, shown, of)
                pictures[key] = shown
    return pictures


def test_attention_and_each_move_of_it(app):
    at = app(depth=2)
    first = agreed(at)
    assert set(first) == {"map", "strip", "grid.heads"}
    at.number_input(key="head").set_value(3).run()
    second = agreed(at)
    changed = {key for key in first if first[key] != second[key]}
    assert changed == {"map", "strip"}, "the grid of heads stays as it is"
    at.slider(key="heads").set_value(5).run()
    third = agreed(at)
    assert all(second[key] != third[key] for key in second), "another model"
    at.button_group(key="maps").set_value("cross").run()
    assert set(agreed(at)) == {"map", "strip", "grid.heads", "words"}
    before = agreed(at)["words"]
    at.number_input(key="column").set_value(5).run()
    assert agreed(at)["words"] != before


def test_attention_by_time_step_and_pinned(app):
    at = app(depth=2, pins="0.1", layout="C-ViViT", causal="true")
    assert set(agreed(at)) == {"map", "strip", "grid.heads", "pinned"}
    before = agreed(at)
    at.number_input(key="step").set_value(4).run()
    changed = agreed(at)
    assert all(before[key] != changed[key] for key in before), "another frame, other maps"


def test_text():
    at = drawn_text()
    first = agreed(at)
    assert set(first) == {
        "grid.words", "words.table", "word.strip", "shares", "same.right", "same.wrong",
    }  # fmt: skip
    at.button_group(key="word").set_value(4).run()
    second = agreed(at)
    assert {key for key in first if first[key] == second[key]} == {"shares"}


def drawn_text() -> AppTest:
    from phenaki_viz.ui.source.trained import CAPTIONS

    return AppTest.from_function(text, default_timeout=120, args=(CAPTIONS[0],)).run()


def test_sampling():
    from phenaki_viz.ui.source.trained import CAPTIONS

    at = AppTest.from_function(sampling, default_timeout=120, args=(CAPTIONS[0],)).run()
    assert {"player", "map", "strip", "grid.heads"} <= set(agreed(at))


def test_masks():
    at = drawn(masks, words=2, steps=1, causal=True)
    assert {"mask.together", "mask.causal", "mask.padding", "visible"} == set(agreed(at))


def test_position():
    at = drawn(position, heads=3, causal=True)
    first = agreed(at)
    assert set(first) == {"bias.flat", "bias.surface", "slopes", "penalty"}
    at.slider(key="dt").set_value(1).run()
    moved = agreed(at)["bias.surface"]
    assert moved.split()[2:] != first["bias.surface"].split()[2:], "another plane of the bias"


def test_what_if_waits_for_what_comes_out():
    at = AppTest.from_function(drawn_with_picks, default_timeout=120).run()
    first = agreed(at)
    assert set(first) == {"whatif.filled_changed", "whatif.rise"}
    at.button(key="1.0").click().run()  # another head is weighed
    second = agreed(at)
    assert set(second) == set(first) and all(first[key] != second[key] for key in first)
