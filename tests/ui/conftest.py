from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

MAIN = Path(__file__).parents[2] / "phenaki_viz" / "ui" / "main.py"


@pytest.fixture
def app():
    """The page script, run once with the settings of a link; the dialled model unless named."""

    def open_app(page: str = "", **dials: object) -> AppTest:
        dials = {"source": "Dial"} | dials
        at = AppTest.from_file(str(MAIN), default_timeout=120)
        if page:  # as its address has it; AppTest itself only turns to pages that are files
            at._page_hash = calc_hash(page)
        for name, value in dials.items():
            at.query_params[name] = str(value)
        return at.run()

    return open_app
