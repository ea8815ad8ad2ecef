"""What `node --test` compares with is what the Python twins say today."""

from tests.js import twins


def test_the_file_of_the_twins_is_what_they_say():
    assert twins.FILE.read_text(encoding="utf-8") == twins.text(), "run `python -m tests.js.twins`"
