"""What is said of widgets waits for the picture, and nothing gets out of its order."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from phenaki_viz.ui.work.first_picture import Held


def msg(kind: str, *path: int) -> ForwardMsg:
    """A message of an element, of a "block" of them, of a "transient", or of none."""
    message = ForwardMsg()
    if kind == "finished":
        message.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
        return message
    message.metadata.delta_path.extend(path)
    if kind == "block":
        message.delta.add_block.SetInParent()
    elif kind == "transient":
        message.delta.new_transient.SetInParent()
    else:
        getattr(message.delta.new_element, kind).SetInParent()
    return message


def heard(*messages: ForwardMsg, **how) -> tuple[list[ForwardMsg], Held]:
    passed: list[ForwardMsg] = []
    held = Held(passed.append, **how)
    for message in messages:
        held.hear(message)
    return passed, held


def test_a_picture_passes_the_widgets_around_it():
    sidebar, tools = msg("slider", 1, 0), msg("selectbox", 0, 1, 0, 0)
    style, place, row = msg("html", 0, 0), msg("block", 0, 1), msg("block", 0, 1, 0)
    picture = msg("bidi_component", 0, 1, 1)
    passed, held = heard(sidebar, style, place, row, tools, picture)
    assert passed == [style, place, row, picture]
    held.end()
    assert passed == [style, place, row, picture, sidebar, tools]


def test_nothing_passes_what_its_place_is_known_by():
    """The browser knows an element by its number: there is no second one before the first."""
    first, second, within = msg("slider", 0, 0), msg("block", 0, 1), msg("html", 0, 1, 0)
    passed, held = heard(first, second, within)
    assert passed == []
    held.end()
    assert passed == [first, second, within]


def test_what_is_taken_off_is_not_drawn_later():
    place, button, off = msg("block", 0, 3), msg("button", 0, 3, 0), msg("empty", 0, 3)
    passed, held = heard(place, button, off)
    assert passed == [place]
    held.end()
    assert passed == [place, button, off]


@pytest.mark.parametrize("work", ["progress", "transient"])
def test_a_bar_is_never_waited_for(work):
    slider, bar, later = msg("slider", 1, 0), msg(work, 0, 2, 0), msg("slider", 1, 1)
    passed, held = heard(slider, bar, later)
    assert passed == [slider, bar, later] and held.ended


def test_other_messages_pass():
    passed, _ = heard(msg("slider", 1, 0), msg("finished"))
    assert [message.WhichOneof("type") for message in passed] == ["script_finished"]


def box(value: float, *path: int, is_set: bool = True) -> ForwardMsg:
    """A number box that shows a value, which the script has set or the browser knows."""
    message = msg("number_input", *path)
    widget = message.delta.new_element.number_input
    widget.id, widget.value, widget.set_value = "box", value, is_set
    return message


def test_of_a_page_that_stands_the_picture_comes_in_one():
    """The browser draws what it hears while the model runs: nothing that it need not draw yet."""
    style, slider, place = msg("html", 0, 0), msg("slider", 1, 0), msg("block", 0, 1)
    picture, button, later = msg("bidi_component", 0, 1, 0), msg("button", 0, 2), msg("html", 2)
    passed, held = heard(style, slider, place, picture, button, opening=False)
    assert passed == []
    held.show()
    assert passed == [style, place, picture] and not held.ended
    held.hear(later)
    held.end()
    assert passed == [style, place, picture, later, slider, button]


@pytest.mark.parametrize("work", ["progress", "transient"])
def test_nor_is_a_bar_waited_for_on_a_page_that_stands(work):
    style, slider, bar = msg("html", 0, 0), msg("slider", 1, 0), msg(work, 0, 2, 0)
    passed, held = heard(style, slider, bar, opening=False)
    assert held.ended and passed == [style, slider, bar]


def test_what_the_browser_would_else_send_back_as_it_was_is_told_at_once():
    """Of a seed that a button has set: whoever presses it again must not begin from the old one."""
    known = {}
    heard(box(4, 1, 0), opening=True, known=known)
    passed, held = heard(box(4, 1, 0), opening=False, known=known)
    assert passed == [] and not held.ended  # as it was told before
    news = box(5, 1, 0)
    passed, held = heard(news, opening=False, known=known)
    assert passed == [news] and held.ended


def test_what_was_typed_is_forgotten_as_told():
    known = {}
    heard(box(4, 1, 0), box(6, 1, 0, is_set=False), opening=True, known=known)
    passed, held = heard(box(4, 1, 0), opening=False, known=known)
    assert held.ended and len(passed) == 1


def test_a_page_that_is_opened_waits_with_what_it_sets():
    passed, held = heard(box(4, 1, 0), opening=True)
    assert passed == [] and not held.ended


def panel(name: str, *path: int) -> ForwardMsg:
    message = msg("bidi_component", *path)
    message.delta.new_element.bidi_component.id = name
    return message


def page_with(*, style="html", name="map", wide=False) -> list[ForwardMsg]:
    """A style, a slider, a place with a panel in it, and another style behind the slider."""
    place = msg("block", 0, 1)
    place.delta.add_block.allow_empty = wide
    return [msg(style, 0, 0), msg("slider", 1, 0), place, panel(name, 0, 1, 0)]


def stood() -> list[bytes]:
    held = heard(*page_with())[1]
    held.show()
    return held.places


def test_where_the_places_are_as_they_were_the_picture_alone_is_shown():
    """Each place that is told of is drawn anew, with all that stands in it."""
    page = style, slider, place, picture = page_with()
    passed, held = heard(*page, opening=False, stood=stood())
    held.show()
    assert passed == [picture] and held.shown
    held.end()
    assert passed == [picture, style, place, slider]
    assert held.places == stood()


@pytest.mark.parametrize("other", [{"style": "empty"}, {"name": "grid"}, {"wide": True}], ids=str)
def test_where_they_are_others_their_places_come_first(other):
    page = style, slider, place, picture = page_with(**other)
    passed, held = heard(*page, opening=False, stood=stood())
    held.show()
    assert passed == [style, place, picture]
    held.end()
    assert passed == [style, place, picture, slider]


def test_a_page_that_could_be_another_one_is_shown_whole():
    passed, held = heard(*page_with(), opening=False, stood=None)
    held.show()
    assert len(passed) == 3


def test_what_a_bar_has_ended_is_no_place_to_go_by():
    passed, held = heard(*page_with(), msg("progress", 0, 2), opening=False, stood=stood())
    held.show()
    assert [message for message in passed[:4]] == [
        *page_with()[:1],
        *page_with()[2:],
        page_with()[1],
    ]
    assert not held.shown
