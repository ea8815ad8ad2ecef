"""A figure for a paper, worked on in slices of time."""

from functools import partial

from phenaki_viz.figures.composed import Composed, compose
from phenaki_viz.figures.recipe import Recipe
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.work.kept_work import of_run
from phenaki_viz.ui.work.shelves import number_of

NO_FIGURE = "figure.held"


def figure_of(run: Run, recipe: Recipe) -> Composed | None:
    """A figure of a run; None while its work is cancelled."""
    key = ("figure", recipe)
    if session.get(NO_FIGURE) == (number_of(run), key):
        return None
    held = partial(session.put, NO_FIGURE, (number_of(run), key))
    return of_run(
        run, key, lambda: compose.steps(run, recipe), "Reading the panels:", held
    )  # fmt: skip


def draw_figure() -> None:
    """Ask for a figure again that was cancelled; a callback."""
    session.drop(NO_FIGURE)
