"""What a link names and only the session that made it had: an upload, a sampled clip, a file.

After a reload, or on another machine, the page says so instead of showing another without a word.
"""

from collections.abc import Collection

import streamlit as st

from phenaki_viz.figures.words import plain
from phenaki_viz.ui import session
from phenaki_viz.ui.state.link import say_in_url

UPLOADED, SAMPLED = "Your own: ", "sampled: "  # how the titles of such clips begin
FILE = "file"
LONGEST = 80
_MISSING, _STAND_IN = "gone.missing.", "gone.stand_in."


def uploaded_title(name: str) -> str:
    """What an uploaded clip is called among the others: never as one of them."""
    return f"{UPLOADED}{plain(name, LONGEST)}"


def say_gone(box: str, titles: Collection[str]) -> None:
    """Say which clip of a link is not here, until another is chosen.

    box: the select box that is drawn next, whose link names one of `titles`.
    """
    missing, stand_in = f"{_MISSING}{box}", f"{_STAND_IN}{box}"
    if not session.has(missing):
        title = st.query_params.get(box, "") if not session.has(box) else ""
        session.put(missing, "" if title in titles else title)
    elif not session.has(stand_in):
        session.put(stand_in, session.get(box))
    elif session.held(stand_in) != session.get(box):
        session.put(missing, "")
    if title := session.held(missing):
        st.warning("The clip of this link is not here; another is shown.", icon=":material/movie:")
        st.text(_why(plain(title, LONGEST)))


def _why(title: str) -> str:
    if title.startswith(UPLOADED):
        name = title.removeprefix(UPLOADED)
        return f"{name} was uploaded: only that session of the page had it. Upload it again."
    if title.startswith(SAMPLED):
        text = title.removeprefix(SAMPLED)
        return f"“{text}” was sampled: only that session of the page had it. Sample it again."
    return f"There is no clip called “{title}”."


def keep_file(name: str) -> None:
    """Say in the link which file is looked at, and on the page when a link's file is not here.

    name: of the file that is chosen; "" for none. Where it lies is not in the link: no link
    opens a file of this machine.
    """
    if name:
        say_in_url(FILE, plain(name, LONGEST))
        return
    linked = st.query_params.get(FILE, "")
    if linked:
        st.warning("The file of this link is not open here.", icon=":material/draft:")
        st.text(f"{plain(linked, LONGEST)}: upload it, or type where it is.")
