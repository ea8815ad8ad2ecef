from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).parents[2] / "phenaki_viz" / "ui" / "main.py"


@pytest.fixture
def app():
    """The page script, run once with the settings of a link; the dialled model unless named."""

    def open_app(**dials: object) -> AppTest:
        dials = {"source": "Dial"} | dials
        at = AppTest.from_file(str(MAIN), default_timeout=120)
        for name, value in dials.items():
            at.query_params[name] = str(value)
        return at.run()

    return open_app
