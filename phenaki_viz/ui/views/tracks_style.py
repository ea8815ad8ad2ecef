"""How the page Tracks is laid out."""

STYLE = """<style>
.st-key-tracks .st-key-heading { min-height: 2.3rem }
.st-key-tracks .st-key-sentence-how { min-height: 2.8rem }
.st-key-tracks-tools, .st-key-tracks-heads { flex-wrap: wrap; row-gap: 8px }
.st-key-tracks .st-key-tracks-words { position: relative }
.st-key-tracks .st-key-goto {
  position: absolute; left: 0; top: 0; & button { visibility: hidden }
}
.st-key-tracks-below { flex-wrap: wrap; gap: 24px; align-items: flex-start }
@media (max-width: 1100px) {
  .st-key-tracks .st-key-heading { min-height: 4.2rem }
  .st-key-tracks .st-key-sentence-how { min-height: 4.2rem }
}
</style>"""
