"""`streamlit run app.py`: the attention microscope."""

import streamlit as st

from phenaki_viz.ui.components import asset_routes, guards
from phenaki_viz.ui.startup import PAGE_SCRIPT, front_routes, warm_up

warm_up()
app = st.App(PAGE_SCRIPT, routes=[*front_routes(), *asset_routes()], middleware=guards())
