"""What a picture is of, in a few words that two pictures share only when they are of the same."""

from phenaki_viz.recording import Recording
from phenaki_viz.ui.state.selection import Selection
from phenaki_viz.ui.work.shelves import number_of


def a_run(recording: Recording) -> str:
    """Any picture of a recording."""
    return f"run {number_of(recording)}"


def a_stack(chosen: Selection) -> str:
    """All heads of the selected one's stack, in the batch items that hold the chosen patch."""
    items = ",".join(map(str, chosen.items))
    return f"{a_run(chosen.recording)} {chosen.record.stack} {chosen.record.kind} items {items}"


def a_head(chosen: Selection) -> str:
    """The selected head."""
    record = chosen.record
    return (
        f"{a_run(chosen.recording)} {record.module} call {record.call} "
        f"item {chosen.item} head {chosen.head}"
    )


def a_patch(chosen: Selection) -> str:
    """The selected head, of the chosen patch."""
    return f"{a_head(chosen)} patch {'.'.join(map(str, chosen.place))}"
