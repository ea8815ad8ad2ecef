"""app.py as on a slow machine: every run takes long enough for its bar to be drawn and seen."""

import time

import streamlit as st

from phenaki_viz.ui.components import asset_routes, guards
from phenaki_viz.ui.startup import PAGE_SCRIPT
from phenaki_viz.ui.work import page_jobs, run_cache

usual = run_cache.progress_bar


def slow(*asked):
    """The bar at once, and a rest after each step."""
    tell = usual(*asked)

    def step(done: int, of: int) -> None:
        tell(done, of)
        time.sleep(0.03)

    return step


# What took no time before takes some now.
run_cache.PROGRESS_AFTER, page_jobs.PROGRESS_AFTER = 0.0, 60.0
run_cache.progress_bar = slow
app = st.App(PAGE_SCRIPT, routes=asset_routes(), middleware=guards())
