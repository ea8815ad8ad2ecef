"""How the Attention page is laid out: all of it in one window, in steps of 8 pixels.

`--pv-tall` is the height that a picture fits into (`Panel.tall` of panel.js): what is left of the
window beside the lines over the pictures, whose heights are fixed here, so that nothing jumps.
"""

# The large map over the grid of heads, where the two have no room side by side: on a narrow page,
# and on one that the open sidebar makes narrow.
BELOW = """  .st-key-pictures { flex-direction: column-reverse }
  .st-key-pictures > :has(> :is(.st-key-heads-side, .st-key-map-side)) { flex: none; width: 100% }
  .st-key-attention .st-key-words-said { height: auto; min-height: var(--said) }
  .st-key-strip { --pv-flow: wrap; --pv-tall: calc(var(--strip) + 72px) }
"""
STYLE = (
    """<style>
[data-testid=stMainBlockContainer]:has(.st-key-attention) { padding-bottom: 16px }
.st-key-attention {
  --said: 78px;
  --strip: clamp(160px, 22vh, 204px);
  --pictures: max(calc(100vh - var(--said) - var(--strip) - 166px), 240px);
  gap: 8px;
}
.st-key-attention .st-key-words-said {
  height: var(--said); overflow: hidden; gap: 2px; position: relative; flex: none
}
/* Inside another page the heading is longer, and no window has to be filled. */
.st-key-attention .st-key-words-said:has(h2, h3) { height: auto; min-height: var(--said) }
.st-key-attention .st-key-words-said > * { flex-shrink: 0 }
.st-key-sentence-head { min-height: 0 }
.st-key-goto { position: absolute; left: 0; top: 0; & button { visibility: hidden } }
.st-key-toolbar { min-height: 40px; row-gap: 8px }
:is(.st-key-toolbar, .st-key-map-tools, .st-key-grid-tools) {
  & button { min-height: 32px }
  & :is(button p, input) { font-size: 14px }
  & [data-testid=stButtonGroup] button { padding: 0 10px }
  & [data-testid=stSelectbox] [role=group] { height: 32px; min-height: 32px }
  & [data-testid=stSkeletonElement] { height: 32px }
}
:is(.st-key-map-tools, .st-key-grid-tools) { min-height: 32px }
:is(.st-key-map-tools, .st-key-grid-tools) > :last-child { margin-left: auto }
.st-key-grid-tools { flex-wrap: nowrap }
.st-key-grid-tools > :is(.st-key-grid, .st-key-word-grid) { flex: 0 1 190px; min-width: 80px }
.st-key-over { position: relative }
.st-key-strip { --pv-tall: var(--strip); --pv-room: 40px; --pv-flow: nowrap }
.st-key-strip { --pv-wrap: nowrap }
.st-key-pictures { flex-wrap: nowrap; align-items: flex-start; gap: 24px }
.st-key-pictures > :has(> .st-key-heads-side) { flex: 0 0 clamp(280px, 38%, 420px); width: auto }
.st-key-pictures > :has(> .st-key-map-side) { flex: 1 1 0; width: auto; min-width: 0 }
:is(.st-key-heads-side, .st-key-map-side) { gap: 4px }
:is(.st-key-map, .st-key-grid-heads) { --pv-tall: var(--pictures) }
.st-key-over > :has(> .st-key-take-strip) { position: absolute; right: 0; top: -4px; width: auto }
@media (max-width: 1199px) { .st-key-attention { --said: 106px } }
@media (max-width: 759px) {
"""
    + BELOW
    + """}
@media (max-width: 999px) {
.stApp:has([data-testid=stSidebar][data-collapsed=false]) {
"""
    + BELOW
    + """}
}
</style>"""
)
