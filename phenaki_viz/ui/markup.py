"""Text from outside in places that Streamlit reads as Markdown: shown letter by letter.

Headings, captions, labels, options, tooltips and messages are Markdown, which can hold links,
remote pictures, formulas and icons. Whatever a prompt, a link, a file's name or its header says
goes through `inert` before it stands there. Selectboxes, `st.text` and text inputs take no markup.
"""

import re

from phenaki_viz.figures.words import plain

# An underscore between letters, as in the name of a setting, marks nothing.
ACTIVE = re.compile(r"[\\`*\[\]<>&~$:]|(?<![^\W_])_|_(?![^\W_])")
LEADING = re.compile(r"^([0-9]{1,9}(?=[.)])|(?=[#+=-]))")
# What is found in finished text, behind every escape: emoji and icons by name, web and mail
# addresses, arrows and dashes. A mark of no width between their letters ends that.
JOINER = "\u2060"
FOUND = re.compile(r"(?<=[:@])|(?<=www)(?=\.)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)


def inert(text: str) -> str:
    """Markdown that shows this text as it is, in one line: nothing in it is a link or a picture.

    '**two** ![](http://x)' is shown with its stars and brackets, and nothing is fetched.
    """
    marked = FOUND.sub(JOINER, plain(text))
    return LEADING.sub(r"\1\\", ACTIVE.sub(r"\\\g<0>", marked))
