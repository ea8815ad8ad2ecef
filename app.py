"""`streamlit run app.py`: the attention microscope."""

import streamlit as st

from phenaki_viz.ui.components import asset_routes
from phenaki_viz.ui.startup import warm_up

warm_up()
app = st.App("phenaki_viz/ui/main.py", routes=asset_routes())
