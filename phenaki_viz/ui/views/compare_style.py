"""How the page Compare is laid out: the heads beside three columns, A, B and the difference."""

from phenaki_viz.ui.views.dense_style import dense

STYLE = (
    "<style>"
    + dense("compare")
    + """
[data-testid=stMainBlockContainer]:has(.st-key-compare) { padding-bottom: 4px }
.st-key-compare {
  --strip: 200px;
  --maps: clamp(400px, calc(100vh - 459px), 480px);
  gap: 8px;
}
.st-key-compare .st-key-compare-words { position: relative; gap: 2px; flex: none; min-height: 80px }
.st-key-compare :is(.st-key-sentence-patch, .st-key-sentence-head) { min-height: 22px }
.st-key-compare-main {
  display: grid; grid-template-columns: clamp(150px, 14vw, 190px) repeat(3, minmax(0, 1fr));
  gap: 8px 16px; align-items: start;
}
.st-key-compare-main > * { width: auto; min-width: 0 }
[class*=st-key-compare-side-] { gap: 4px; --pv-flow: nowrap }
[class*=st-key-compare-side-] [data-testid=stMarkdownContainer] p {
  font-size: 14px; line-height: 20px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis
}
[class*=st-key-compare-strip-] { --pv-tall: var(--strip); --pv-head: none; --pv-wrap: nowrap }
[class*=st-key-compare-map-] { --pv-tall: var(--maps); --pv-wrap: nowrap }
.st-key-compare-heads { gap: 4px }
/* Where not all of it has room: the maps and their difference first, the frames under them. */
@media (max-height: 840px), (max-width: 1099px) {
  [class*=st-key-compare-side-] > :has([class*=st-key-compare-strip-]) { order: 2 }
}
@media (max-width: 1359px) {
  .st-key-compare-tools {
    & [data-testid=stButtonGroup] button { padding: 0 7px; & p { font-size: 13px } }
    & [data-testid=stButtonGroup] > * { gap: 3px }
    & { column-gap: 8px }
    & > .st-key-with { flex: 0 0 176px; max-width: 176px }
    & > [class*=st-key-with_say] { flex: 0 0 160px; max-width: 160px }
  }
}
@media (max-width: 1099px) {
  .st-key-compare-main { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px 12px }
  .st-key-compare-main > :first-child { grid-column: 1 / -1; max-width: 200px }
  .st-key-compare .st-key-compare-words { min-height: 120px }
}
@media (max-width: 639px) {
  .st-key-compare-main { grid-template-columns: minmax(0, 1fr) }
}
</style>"""
)
