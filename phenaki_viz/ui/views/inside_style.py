"""How the page Inside a head is laid out: the maps in a row, what they come to under them."""

from phenaki_viz.ui.views.dense_style import dense

STYLE = (
    "<style>"
    + dense("inside")
    + """
[data-testid=stMainBlockContainer]:has(.st-key-inside) { padding-bottom: 16px }
.st-key-inside {
  --maps: clamp(350px, 45vh, 420px);
  gap: 8px;
  & h2 { padding: 0 }
}
.st-key-inside .st-key-inside-words { position: relative; gap: 2px; flex: none; min-height: 78px }
.st-key-inside .st-key-sentence-head { min-height: 0 }
.st-key-inside .st-key-sentence-patch { min-height: 22px }
.st-key-inside .st-key-strip { --pv-tall: clamp(120px, 17vh, 160px); --pv-room: 40px }
.st-key-inside-maps { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 16px }
.st-key-inside-maps > * { width: auto }
.st-key-inside-maps:has(> :nth-child(5)) { grid-template-columns: repeat(5, minmax(0, 1fr)) }
@media (max-width: 1399px) {
  .st-key-inside-maps:has(> :nth-child(5)) { grid-template-columns: repeat(3, minmax(0, 1fr)) }
}
[class*=st-key-inside-map-] { --pv-tall: var(--maps); gap: 2px }
[class*=st-key-inside-map-] [data-testid=stMarkdownContainer] p {
  font-size: 14px; line-height: 20px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis
}
[class*=st-key-inside-map-] em { opacity: .8 }
.st-key-inside-below { align-items: flex-start; gap: 24px; flex-wrap: wrap }
.st-key-inside-below > * { flex: 1 1 300px; min-width: 0; width: auto }
.st-key-inside-row, .st-key-inside-one, .st-key-inside-writes { gap: 4px }
@media (max-width: 1199px) {
  .st-key-inside-maps.st-key-inside-maps { grid-template-columns: repeat(2, minmax(0, 1fr)) }
  .st-key-inside .st-key-inside-words { min-height: 106px }
}
@media (max-width: 639px) {
  .st-key-inside-maps.st-key-inside-maps { grid-template-columns: minmax(0, 1fr) }
}
</style>"""
)
