"""What a browser needs to be shown the demo page: the page, and plotly.js beside it."""

import streamlit as st

from phenaki_viz.ui.components import asset_routes

app = st.App("demo_page.py", routes=asset_routes())
