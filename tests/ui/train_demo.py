"""The Train page alone, dialled by the address: `streamlit run tests/ui/train_demo.py`."""

import dataclasses

import streamlit as st

from phenaki_viz.data import read_prompt, sample_clip
from phenaki_viz.errors import PhenakiVizError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import StorageChoice
from phenaki_viz.runs.dialled import DialledRun, run_dialled
from phenaki_viz.ui.views.train import train_page
from phenaki_viz.ui.work.trainings import trained_run


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


@st.cache_resource(max_entries=4)
def run_of(config: DialConfig, storage: StorageChoice) -> DialledRun:
    """The run that the sidebar would have made."""
    prompt = "seven moving right and two moving down" if config.cross else ""
    return run_dialled(config, sample_clip(), read_prompt(prompt), storage=storage)


def first_map(run: DialledRun) -> str:
    """The first weights of a run, to tell it from others."""
    return str(run.recording.records[0].map.full(0, 0)[0, :3].tolist())


st.set_page_config("Train", layout="wide")
storage: StorageChoice = st.selectbox("Storage", ["auto", "dense", "factored"], key="storage")
run = run_of(dialled(), storage)
train_page(run)
st.text(f"random: {first_map(run)}")
try:
    other = trained_run(run)
except PhenakiVizError as error:
    other = None
    st.error(str(error))
if other is not None:
    st.text(f"trained: {first_map(other)}")
    held = other.recording.records[0].map.storage
    st.text(f"other pages: {other.recording.provenance['trained']}, stored {held}")
    st.text(f"made again: {other is not st.session_state.get('other', other)}")
    st.session_state["other"] = other
