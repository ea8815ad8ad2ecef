"""The true path of an object as it was marked by hand: one patch a time step, in the link."""

from phenaki_viz.recording import Place
from phenaki_viz.ui import session
from phenaki_viz.ui.state.link import groups_text, in_link, number_groups, say_in_url

MARKS, BEFORE = "true_path.marks", "true_path.before"
IN_LINK = "path"
MOST = 256  # time steps


def marks() -> tuple[Place, ...]:
    """What is marked, in the order of the time steps."""
    linked = number_groups(in_link(IN_LINK), 3, MOST)
    found: tuple[Place, ...] = session.first(MARKS, linked)
    say_in_url(IN_LINK, groups_text(found))
    return found


def mark(place: Place) -> None:
    """Mark a patch of its time step in the place of another; the same again takes it back."""
    before: tuple[Place, ...] = session.get(MARKS, ())
    others = [one for one in before if one[0] != place[0]]
    _set(before, others if place in before else [*others, place])


def undo() -> None:
    """As it was before the last mark; a callback."""
    history: list[tuple[Place, ...]] = session.get(BEFORE, [])
    if history:
        session.put(MARKS, history.pop())


def clear() -> None:
    """Nothing is marked; a callback."""
    _set(session.get(MARKS, ()), [])


def can_undo() -> bool:
    """Whether something was marked or taken back."""
    return bool(session.get(BEFORE))


def _set(before: tuple[Place, ...], now: list[Place]) -> None:
    session.first(BEFORE, []).append(before)
    session.put(MARKS, tuple(sorted(now)))
