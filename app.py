"""`streamlit run app.py`: the attention microscope."""

import streamlit as st

from phenaki_viz.ui.components import asset_routes

app = st.App("phenaki_viz/ui/main.py", routes=asset_routes())
