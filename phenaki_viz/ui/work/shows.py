"""What a picture is of, in a few words that two pictures share only when they are of the same."""

from phenaki_viz.recording import Recording
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work.shelves import number_of


def a_run(recording: Recording) -> str:
    """Any picture of a recording."""
    return f"run {number_of(recording)}"


def a_stack(selection: Selection) -> str:
    """All heads of the selected one's stack, in the batch items that hold the chosen patch."""
    items = ",".join(map(str, selection.items))
    record = selection.record
    return f"{a_run(selection.recording)} {record.stack} {record.kind} items {items}"


def a_head(selection: Selection) -> str:
    """The selected head."""
    record = selection.record
    return (
        f"{a_run(selection.recording)} {record.module} call {record.call} "
        f"item {selection.item} head {selection.head}"
    )


def a_patch(selection: Selection) -> str:
    """The selected head, of the chosen patch."""
    return f"{a_head(selection)} patch {'.'.join(map(str, selection.place))}"
