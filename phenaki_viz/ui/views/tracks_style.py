"""How the page Tracks is laid out."""

STYLE = """<style>
[data-testid=stMainBlockContainer]:has(.st-key-tracks) { padding-top: 3.4rem }
.st-key-tracks { gap: .6rem }
.st-key-tracks .st-key-heading { min-height: 2.3rem }
.st-key-tracks .st-key-sentence-how { min-height: 1.4rem }
.st-key-tracks-tools, .st-key-tracks-heads { flex-wrap: wrap; row-gap: 8px }
.st-key-tracks .st-key-tracks-words { position: relative }
.st-key-tracks .st-key-goto {
  position: absolute; left: 0; top: 0; & button { visibility: hidden }
}
@media (max-width: 1300px) {
  .st-key-tracks .st-key-heading { min-height: 3.8rem }
  .st-key-tracks .st-key-sentence-how { min-height: 2.8rem }
}
</style>"""
