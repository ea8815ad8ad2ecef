"""What the selected head does on the whole, in a sentence: all that is known of it, on every page.

Measured as the table of the page Heads measures it, so that both say the same of it: of a long map
what that page has measured, and until it has, an estimate from a few rows.
"""

from phenaki_viz.analysis.head_table import HeadRow, head_row
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.head_table_views import worth_said
from phenaki_viz.recording import HeadMap
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import true_path
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import head_tables, swept, tracked
from phenaki_viz.ui.work.keep import once
from phenaki_viz.ui.work.shelves import number_of


def sentence_of(run: Run, selection: Selection, *, placed_word: str = "") -> str:
    """What the selected head does, and what it is worth where that was measured.

    placed_word: a word of which the page says already where it is read.
    """
    row = row_of(run, selection)
    return row_sentence(row, placed_word) + worth_said(row, swept.measured(run))


def row_of(run: Run, selection: Selection) -> HeadRow:
    """What is measured of the selected head."""
    known = head_tables.known_row(run, selection)
    if known is not None:
        return known
    record = selection.record
    marks = () if tracked.marked_path(record) is None else true_path.marks()
    at = number_of(run), "sentence", number_of(record.map), selection.item, selection.head, marks

    def measure() -> HeadRow:
        head = HeadMap(record, selection.item, selection.head)
        return head_row(head, tracked.judging_truth(run, record), few=True)

    return once(at, measure)
