"""What pages that fill a window have in common: a low row of controls, headings in one place."""

_STYLE = """
.st-key-PAGE .st-key-goto {
  position: absolute; left: 0; top: 0; & button { visibility: hidden }
}
.st-key-PAGE-tools {
  min-height: 40px; row-gap: 8px;
  & button { min-height: 32px }
  & :is(button p, input) { font-size: 14px }
  & [data-testid=stButtonGroup] button { padding: 0 10px }
  & [data-testid=stSelectbox] [role=group] { height: 32px; min-height: 32px }
  & [data-testid=stTextInputRootElement] { height: 32px; min-height: 32px }
}
"""


def dense(page: str) -> str:
    """The rules of one page, by the key of its outermost container."""
    return _STYLE.replace("PAGE", page)
