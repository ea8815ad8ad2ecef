"""Text from outside is shown letter by letter wherever Streamlit reads Markdown."""

import re

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from phenaki_viz.figures.words import plain
from phenaki_viz.ui.markup import JOINER, inert
from tests.sent import words_on
from tests.ui.conftest import MAIN

REMOTE = "http://198.51.100.7/i.png"
CRAFTED = [
    f"![x]({REMOTE})", "[l](javascript:alert(1))", f"<img/src={REMOTE}>", "<b>bold</b>",
    "**bold**", "__bold__", "*it*", "_it_", "~~gone~~", "`code`", "$x^2$", "$$x$$",
    ":red[hi]", ":red-background[hi]", ":material/home:", ":material_home:", ":smile:",
    ":streamlit:", ":small[x]", REMOTE, "https://a.example", "WWW.a.example", "a@b.example",
    f"<{REMOTE}>", f"[x]:{REMOTE}", "[^1]", "&lt;i&gt;", "&#33;", "#", "##", ">", "+", "-", "---",
    "===", "1.", "2026)", "->", "<-", "<->", "--", ">=", "<=", "~=", "a|b", "{{7*7}}", "\\*", "\\",
    "</script><script>alert(1)</script>", ":::note", "@a", "x\u202ey", "'\"", "```", "***",
]  # fmt: skip
# What Streamlit 1.67 looks for in finished text, behind every escape.
FOUND_LATER = re.compile(
    r":material_\w+:|:streamlit:|:[\w+-]+:|https?://|www\.|[-.\w+]+@[-\w]+\.[-\w]+"
    r"|(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
    re.IGNORECASE,
)
UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*([`*\[\]<>&~$:])")


@pytest.mark.parametrize("text", CRAFTED)
def test_nothing_in_it_is_markup_and_every_letter_stays(text):
    escaped = inert(f"{text} two {text}")
    assert not UNESCAPED.search(escaped)
    finished = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)
    assert not FOUND_LATER.search(finished)
    assert finished.replace(JOINER, "") == plain(f"{text} two {text}")
    assert not re.match(r"\s*([#+=>-]|[0-9]{1,9}[.)])", inert(text))


def test_plain_words_stay_as_they_are():
    for text in ("two moving right", "L1 H3 · cross attention", "image_size", "“two (2nd)”", "½ é"):
        assert inert(text) == text
    assert inert("") == "" and "\n" not in inert("a\n\n# b")


PAGES = [
    ("Trained", "say", "attention"), ("Trained", "say", "text"), ("Trained", "say", "sampling"),
    ("Dial", "prompt", "attention"), ("Dial", "prompt", "masks"), ("Trained", "say", "compare"),
]  # fmt: skip
# Fields that Streamlit shows as they are: what is typed, options of select boxes, file names.
AS_IT_IS = {"text_input", "selectbox", "text", "file_uploader", "bidi_component", "multiselect"}


def strings(message):
    """Every string in a protobuf message."""
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, str):
                yield f"{message.DESCRIPTOR.name}.{field.name}", one
            elif hasattr(one, "ListFields"):
                yield from strings(one)


NAMES = ("id", "form_id", "key", "url", "element_id", "query_param_key", "file_name", "set_value")
TOLD = ("default", "value", "raw_values", "string_value")


def markup_of(at):
    for element in [*at.main, *at.sidebar]:
        if element.type not in AS_IT_IS and element.proto is not None:
            for name, text in strings(element.proto):
                if name.rpartition(".")[2] not in (*NAMES, *TOLD):
                    yield name, text


SAY = "two " + " ".join(word for word in CRAFTED if " " not in word)


@pytest.mark.parametrize(("source", "box", "page"), PAGES)
def test_a_prompt_from_a_link_is_escaped_wherever_it_stands(source, box, page):
    at = AppTest.from_file(str(MAIN), default_timeout=120)
    at.query_params.update({"source": source, box: SAY, "maps": "Cross", "decoding": "1"})
    at.query_params["against"] = at.query_params["with_say"] = f"slowly {SAY}"
    at._page_hash = calc_hash(page)
    at.run()
    assert not at.exception
    seen = list(markup_of(at))
    if page == "text":  # as a chip; the heading and the text beside the other take no markup
        assert sum(inert("**bold**") in text for _, text in seen) >= 1
        assert sum("**bold**" in text for text in words_on(at)) >= 1
    raw = [(name, text) for name, text in seen for bad in CRAFTED[:13] if bad in text]
    assert not raw
