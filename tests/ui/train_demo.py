"""The Train page alone, dialled by the address: `streamlit run tests/ui/train_demo.py`."""

import dataclasses

import streamlit as st

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording.dialled import DialledRun, run_dialled
from phenaki_viz.ui.trainings import trained_run
from phenaki_viz.ui.views.train import train_page


def dialled() -> DialConfig:
    """Whole numbers and words of the address that are settings of a model."""
    known = {field.name for field in dataclasses.fields(DialConfig)}
    asked = {name: value for name, value in st.query_params.items() if name in known}
    return DialConfig(
        **{
            name: int(value) if value.isdigit() else {"no": False, "yes": True}.get(value, value)
            for name, value in asked.items()
        }
    )


@st.cache_resource(max_entries=2)
def run_of(config: DialConfig) -> DialledRun:
    """The run that the sidebar would have made."""
    prompt = "seven moving right and two moving down" if config.cross else ""
    return run_dialled(config, sample_clip(), read_prompt(prompt))


st.set_page_config("Train", layout="wide")
run = run_of(dialled())
train_page(run)
other = trained_run(run)
if other is not None:
    st.text(f"other pages: {other.recording.made_by['trained']}")
