"""The page script: configuration, the controls, the run, and the list of pages."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.nouns import counted
from phenaki_viz.runs.dialled import DialledRun
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.page import listen
from phenaki_viz.ui.sections import ablation_effect, frame, passes
from phenaki_viz.ui.sections.guide import draw_guide
from phenaki_viz.ui.sections.health import draw_health
from phenaki_viz.ui.sections.panels import theme
from phenaki_viz.ui.source import recording_file
from phenaki_viz.ui.source.sidebar import draw_sidebar
from phenaki_viz.ui.state.link import carrying, read_link
from phenaki_viz.ui.state.offers import say_what_is_not_here
from phenaki_viz.ui.state.stage import Stage
from phenaki_viz.ui.views.attention import attention_page
from phenaki_viz.ui.views.compare import compare_page
from phenaki_viz.ui.views.figure import figure_page
from phenaki_viz.ui.views.heads import heads_page
from phenaki_viz.ui.views.inside import inside_page
from phenaki_viz.ui.views.masks import masks_page
from phenaki_viz.ui.views.position import position_page
from phenaki_viz.ui.views.sampling import sampling_page
from phenaki_viz.ui.views.text import text_page
from phenaki_viz.ui.views.tracks import tracks_page
from phenaki_viz.ui.views.train import train_page
from phenaki_viz.ui.views.train_record import record_page
from phenaki_viz.ui.views.what_if import what_if_page
from phenaki_viz.ui.work import first_picture, page_jobs, run_cache
from phenaki_viz.ui.work.run_cache import RunRequest
from phenaki_viz.ui.work.trainings import trained_copy, trained_run, use

_LAST = "page.last"  # which page was drawn before
# Less air above the page than Streamlit leaves, as the first picture belongs on the first screen,
# and on every page alike, so that nothing jumps from one to the next; and pictures under each
# other, not side by side, where two would be too narrow to read. What `share` sends shows nothing
# and takes no room.
STYLE = """<style>
.stApp [data-testid=stHeader] { height: 44px; min-height: 44px }
[data-testid=stMainBlockContainer] { padding: 48px 24px 32px }
[class*=-shared-] { position: absolute }
.stApp h1 { font-size: 20px; line-height: 26px; padding: 0; letter-spacing: -.01em }
.stApp [data-testid=stHeading]:has(h1) [data-testid=stMarkdownContainer] { margin-bottom: 0 }
.stApp h2 { font-size: 16px; line-height: 22px; padding: 8px 0 4px }
.stApp [data-testid=stSidebar] h2 { font-size: .95rem; padding: .4rem 0 .5rem }
:is(.stApp, [data-testid=stPopoverBody]) [data-testid=stCaptionContainer] {
  color: inherit; opacity: .78;
}
.st-key-heading { min-height: 26px }
.st-key-sentence-patch { min-height: 1.6rem }
.st-key-sentence-head { min-height: 2.8rem }
:is(.st-key-layer, .st-key-head, .st-key-step, .st-key-row, .st-key-column) {
  & [data-testid=stNumberInput] { display: flex; align-items: center; gap: .5rem }
  & label { margin: 0; min-height: 0 }
  & [data-testid=stNumberInputContainer] { width: 5rem; flex: none }
  & button { width: 1.5rem }
}
[class*=st-key-][class*=-slim-] { min-height: 52px }
[class*=st-key-take-] [data-testid=stPopover] button {
  padding: 0 6px; min-height: 32px;
  & [data-testid=stMarkdownContainer] { position: absolute; clip-path: inset(50%); width: 1px }
}
@media (max-width: 1100px) {
  [data-testid=stMain] [data-testid=stColumn] { min-width: calc(100% - 1.5rem) }
  .st-key-sentence-patch { min-height: 3.2rem }
  .st-key-sentence-head { min-height: 4.2rem }
}
[class*=st-key-][class*=-progress-] {
  position: fixed; z-index: 100; bottom: 1rem; right: 24px; width: min(30rem, 80vw);
  padding: .5rem 1rem; border-radius: .5rem; border: 1px solid rgb(128 128 128 / .4);
  background: Canvas; box-shadow: 0 4px 16px rgb(0 0 0 / .18);
}
[data-testid=stLayoutWrapper]:has(> [class*=st-key-][class*=-progress-], > .st-key-work) {
  position: absolute
}
</style>"""


def main() -> None:
    """Draw the page, its picture before the widgets around it."""
    with first_picture.first(opening=not session.has(run_cache.GOOD)), carrying():
        _draw()  # the page of maps says when its map is on its way


def _draw() -> None:
    """Draw the controls, run the model they choose, draw the chosen page."""
    st.set_page_config("phenaki_viz: attention microscope", frame.icon(), layout="wide")
    st.html(STYLE)
    st.html(frame.style(GROUPS, theme()))
    current: list[Run] = []
    pages = {
        name: st.Page(partial(_show, draw, current), title=title, icon=icon, url_path=name)
        for name, (title, icon, draw) in PAGES.items()
    }
    page = st.navigation(list(pages.values()), position="top")
    if session.get(_LAST, page.url_path) != page.url_path:
        first_picture.release()  # another page takes the place of what is there bit by bit
    session.put(_LAST, page.url_path)
    read_link()
    frame.keep(pages)
    run_cache.shelf()
    words, effect, content, work = _places()
    wanted, whole = draw_sidebar(pages["train"])
    with words:
        run = _run(wanted, work)
    if run is not None:
        if isinstance(run, RecordedRun):
            with words:
                recording_file.draw_line(run)
        with st.sidebar:
            if isinstance(run, RecordedRun):
                recording_file.draw_about(run)
        if isinstance(run, DialledRun):
            with words:
                run = _trained(run)
        with st.sidebar:
            recording_file.draw_save(run)
        current.append(run)
        if whole is not None and page.url_path != WITH_FIGURES:
            with effect:
                ablation_effect.draw(run, whole, work)
        with work:
            page_jobs.run_waiting()
        if page.url_path:
            first_picture.release()
        with content:
            page.run()
    with words:
        say_what_is_not_here()
    draw_guide()
    listen()
    run_cache.shelf().settle()


def _places() -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Where trouble, the effect of switches, the page and bars of work belong, in every run.

    Streamlit knows a part of the page by its place in it. Were a bar drawn above the page in one
    run and not in the next, the whole page would be another one: taken off, which also scrolls it
    to its top, and made anew.
    """
    words, effect, content = (st.container() for _ in range(3))
    return words, effect, content, st.container(key="work")


def _show(draw: Callable[[Run], None], current: list[Run]) -> None:
    with st.container():  # a place of its own, whether there is something to say or not
        draw_health(current[0].recording)
    Stage(passes.choose(current[0])).draw(draw)


def _train(run: Run) -> None:
    if isinstance(run, DialledRun):
        train_page(run)
    else:
        record_page(run)


def _trained(run: DialledRun) -> DialledRun:
    """The run with the weights that were chosen on the Train page, if any were."""
    try:
        return trained_run(run) or _with_offer(run)
    except PhenakiVizError as error:
        st.error("The trained weights cannot be shown: these are random.", icon=":material/block:")
        st.text(str(error))
        return run


def _with_offer(run: DialledRun) -> DialledRun:
    """The run itself; says that weights of its settings were trained, where they were."""
    copy = trained_copy(run.config)
    if copy is not None and run.recording.provenance.get("random_weights"):
        job, step = copy
        st.button(
            f"These weights are random. A trained copy exists ({counted(step, 'training step')})",
            icon=":material/model_training:",
            type="tertiary",
            on_click=use,
            args=(job, step),
            key="trained.copy",
        )
    return run


def _run(wanted: RunRequest | None, work: DeltaGenerator) -> Run | None:
    """The requested run; when it cannot be made, why, and the last one that could.

    The session keeps the request, not the run: how many of those are kept is the shelf's to say.
    """
    last: RunRequest | None = session.get(run_cache.GOOD)
    if wanted is None:
        kept = _again(last, work)
        if kept is None:
            st.info("Choose a model in the sidebar.", icon=":material/arrow_back:")
        else:
            st.caption("Below is still the model that was in use.")
        return kept
    try:
        with work:
            run = run_cache.get_run(wanted)
    except PhenakiVizError as error:
        st.error("These settings cannot be run.", icon=":material/block:")
        st.text(str(error))
        kept = _again(last, work)
        if kept is not None:
            st.caption("Below is still the last run that could be made.")
        return kept
    session.put(run_cache.GOOD, wanted)
    return run


def _again(last: RunRequest | None, work: DeltaGenerator) -> Run | None:
    """The last run that could be made; None where it cannot be made any more."""
    try:
        with work:
            return run_cache.get_run(last) if last else None
    except PhenakiVizError:
        return None


PAGES = {
    "attention": ("Attention", ":material/visibility:", attention_page),
    "text": ("Text", ":material/match_word:", text_page),
    "sampling": ("Sampling", ":material/movie:", sampling_page),
    "heads": ("Heads", ":material/table_rows:", heads_page),
    "tracks": ("Tracks", ":material/timeline:", tracks_page),
    "inside": ("Inside a head", ":material/balance:", inside_page),
    "whatif": ("What if", ":material/toggle_off:", what_if_page),
    "compare": ("Compare", ":material/compare_arrows:", compare_page),
    "position": ("Position", ":material/straighten:", position_page),
    "masks": ("Masks", ":material/grid_on:", masks_page),
    "train": ("Train", ":material/model_training:", _train),
    "figure": ("Figure", ":material/picture_as_pdf:", figure_page),
}
WITH_FIGURES = "whatif"  # the page that says by itself what the changes do
GROUPS = {
    "Look": ("attention", "text", "sampling"),
    "Explain": ("heads", "tracks", "inside", "whatif", "compare"),
    "Architecture": ("position", "masks", "train"),
    "Take away": ("figure",),
}

main()
