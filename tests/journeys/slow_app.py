"""app.py as on a slow machine: every run takes long enough for its bar to be drawn and seen."""

import time

import streamlit as st

from phenaki_viz.ui import errands, runs
from phenaki_viz.ui.components import asset_routes, guards
from phenaki_viz.ui.startup import PAGE_SCRIPT

usual = runs.progress_bar


def slow(*asked):
    """The bar at once, and a rest after each step."""
    tell = usual(*asked)

    def step(done: int, of: int) -> None:
        tell(done, of)
        time.sleep(0.03)

    return step


runs.PROGRESS_AFTER, errands.PROGRESS_AFTER = 0.0, 60.0  # what took no time before takes some now
runs.progress_bar = slow
app = st.App(PAGE_SCRIPT, routes=asset_routes(), middleware=guards())
