"""What the selected head does on the whole, in a sentence: all that is known of it, on every page.

A short map is measured as the table of the page Heads measures it, so that both say the same of
it; of a long one, which would take seconds, what its pages know anyway.
"""

from phenaki_viz.analysis.head_table import LONG, HeadRow, head_row
from phenaki_viz.analysis.reading import reading_of_head
from phenaki_viz.analysis.words import content_patches
from phenaki_viz.figures.attention_views import Head
from phenaki_viz.figures.head_sentences import row_sentence
from phenaki_viz.figures.head_table_views import worth_said
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import frame_steps
from phenaki_viz.figures.sentences import head_sentence
from phenaki_viz.figures.word_sentences import reads_clause
from phenaki_viz.recording import HeadMap
from phenaki_viz.runs.run import Run
from phenaki_viz.ui.state import true_path
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work import swept, tracked
from phenaki_viz.ui.work.keep import once
from phenaki_viz.ui.work.shelves import number_of


def sentence_of(run: Run, selection: Selection, *, reads: bool = True) -> str:
    """What the selected head does, and what it is worth where that was measured.

    reads: says first which word it reads where there is something; not where a page has said it.
    """
    record = selection.record
    at = number_of(run), "sentence", number_of(record.map), selection.item, selection.head
    if record.map.shape[2] > LONG:
        return once(at, lambda: head_sentence(selection.shown))
    marks = () if tracked.marked_path(record) is None else true_path.marks()

    def measure() -> HeadRow:
        head = HeadMap(record, selection.item, selection.head)
        return head_row(head, tracked.judging_truth(run, record))

    row = once((*at, marks), measure)
    said = row_sentence(row, where_read(run, selection) if reads else "")
    return said + worth_said(row, swept.measured(run))


def where_read(run: Run, selection: Selection) -> str:
    """The word that the head reads where the clip has something; empty where that says nothing."""
    at = (
        number_of(run),
        "where read",
        number_of(selection.record.map),
        selection.item,
        selection.head,
    )
    return once(at, lambda: _where_read(run, selection.shown))


def _where_read(run: Run, head: Head) -> str:
    record, frames = head.record, run.clip.frames
    count, height, width, _ = frames.shape
    t, h, w = grid = record.places.grid
    whole = count == 1 + (t - 1) * run.temporal_patch and not (height % h or width % w)
    if not (record.reads_words and whole and head.map.lattice == grid):
        return ""
    held = content_patches(frames, grid, frame_steps(count, run.temporal_patch))
    names = key_axis(record, head.item).names
    return reads_clause(reading_of_head(head.map, held), names, record.num_null_kv)
