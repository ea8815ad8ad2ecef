"""How the page Tracks is laid out; the chosen heads wear the colours of their paths."""

from phenaki_viz.figures.tracks import LOOKS

_COLOURS = "\n".join(
    f'.st-key-tracks-heads [data-tag-index="{at}"] {{ border-left: 6px solid {colour} }}'
    for at, (colour, _) in enumerate(LOOKS)
)
_LAYOUT = """
.st-key-tracks-heads [data-tag] {
  background: rgb(128 128 128 / .18); color: inherit;
  & :is(span, button) { color: inherit }
}
.st-key-tracks-heads [aria-label="Clear all"] { min-width: 24px; min-height: 24px }
.st-key-tracks-followers { --pv-tall: 260px }
.st-key-tracks { gap: .6rem }
.st-key-tracks .st-key-sentence-how { min-height: 1.4rem }
.st-key-tracks-tools, .st-key-tracks-heads { flex-wrap: wrap; row-gap: 8px }
[data-testid=stLayoutWrapper]:has(> .st-key-goto) { flex: none; width: auto; order: 9 }
@media (max-width: 1300px) {
  .st-key-tracks .st-key-heading { min-height: 52px }
  .st-key-tracks .st-key-sentence-how { min-height: 2.8rem }
}
"""
STYLE = f"<style>{_COLOURS}{_LAYOUT}</style>"
