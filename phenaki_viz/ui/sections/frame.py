"""The frame around every page: its name, pages in groups, and a sidebar that stays calm."""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO

import streamlit as st
from PIL import Image
from streamlit.navigation.page import StreamlitPage

from phenaki_viz.home import ASSETS
from phenaki_viz.ui.session import page

_PAGES = "frame.pages"
NAME = "phenaki_viz"
# Text at 4.5 : 1 and more on either theme: Streamlit's own captions and icons have less.
STYLE = """
[data-testid=stLogoSpacer]::after {
  content: "%s"; font-weight: 650; font-size: 1.05rem; letter-spacing: -.01em; white-space: nowrap;
}
[data-testid=stLogoSpacer] { width: auto }
.stApp [data-testid=stSidebar] h2 {
  font-size: .75rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase;
  padding: .75rem 0 .5rem; opacity: .8;
}
[data-testid=stSidebarUserContent] [data-testid=stVerticalBlock] { gap: .75rem }
.st-key-sentence-alibi { min-height: 1.6rem }
@media (max-width: 1100px) {
  .st-key-sentence-alibi { min-height: 3.2rem }
  [data-testid=stLayoutWrapper]:has(> .st-key-sampling-dials) { order: 1 }
}
[data-testid=stHeader] { padding-right: 3.5rem }
[data-testid=stTopNav] .rc-overflow-item > div { display: flex; align-items: center }
[data-testid=stTopNavLink] [data-testid=stIconMaterial] { opacity: 1; color: inherit }
[data-testid=stTopNavLink]:focus-visible { outline: 2px solid; outline-offset: -2px }
@media (forced-colors: active) {
  .stApp [role=radio][aria-checked=true] { outline: 3px solid Highlight; outline-offset: -3px }
}
"""
GROUP = """
[data-testid=stTopNav] .rc-overflow-item:nth-child(%d) > div::before {
  content: "%s"; font-size: .75rem; opacity: .75; padding: 0 .25rem 0 %s;
  margin-left: %s; border-left: %s solid rgb(128 128 128 / .5);
}
"""
# Twelve pages beside the sidebar: first the names of the groups go, then the icons.
NARROW = """
@media (max-width: 1700px) {
  [data-testid=stTopNav] .rc-overflow-item > div::before {
    font-size: 0 !important; padding: .55rem 0 !important; margin: 0 .25rem !important;
  }
}
@media (max-width: 1500px) {
  [data-testid=stTopNavLink] :has(> [data-testid=stIconMaterial]) { display: none }
  [data-testid=stTopNavLink] { gap: 0; padding: .25rem .5rem }
}
"""
# White on the bright accent of the dark theme has 2.1 : 1; the page's own colour has 9 : 1.
DARK = """
[data-testid=stBaseButton-primary]:not(:disabled) { color: #10141b }
"""


def style(groups: Mapping[str, Sequence[str]], theme: str = "light") -> str:
    """CSS of the frame. groups: what is said before the first page of each, and its pages."""
    rules, at = [STYLE % NAME], 1
    for name, pages in groups.items():
        if pages:
            edge = ("0", "0", "0") if at == 1 else ("1rem", ".75rem", "1px")
            rules.append(GROUP % (at, name, *edge))
        at += len(pages)
    return f"<style>{''.join(rules)}{NARROW}{DARK if theme == 'dark' else ''}</style>"


@cache
def icon() -> bytes:
    """A PNG of the tab's icon that Streamlit takes as it is.

    Without an alpha channel it would make a JPEG of it in every run.
    """
    content = BytesIO()
    with Image.open(ASSETS / "icon.png") as icon:
        icon.convert("RGBA").save(content, "PNG")
    return content.getvalue()


def keep(pages: Mapping[str, StreamlitPage]) -> None:
    """Have the pages at hand for links from one to another; called by the page script."""
    page.put(_PAGES, pages)


def link(name: str, label: str, icon: str) -> None:
    """A link to another page, where what is looked at stays chosen. name: as in its address."""
    pages: Mapping[str, StreamlitPage] = page.get(_PAGES, {})
    if name in pages:  # a page that is drawn alone has no others
        st.page_link(pages[name], label=label, icon=icon)
