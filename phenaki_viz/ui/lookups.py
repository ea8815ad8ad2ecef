"""One value of a session looked up without gathering all that the session keeps.

Streamlit (1.67) makes a dict of everything for each number box, select box and text box, in which
it then looks for one name: 17 dicts of some hundred values in one run of a page, every component's
state presented in each, a third of the time that the script takes for its widgets.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streamlit.runtime.state.common import is_element_id
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState, _is_internal_key

_gathered: Any = SessionState.filtered_state


class Kept(Mapping[str, Any]):
    """What a session keeps under names that a page may use, as `filtered_state` says it.

    A value is looked up when it is used; all are gathered where all are wanted.
    """

    def __init__(self, state: SafeSessionState) -> None:
        self._state = state

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or is_element_id(name) or _is_internal_key(name):
            return False
        with self._state._lock:
            return name in self._state._state

    def __getitem__(self, name: str) -> Any:
        with self._state._lock:
            if name not in self:
                raise KeyError(name)
            return self._state._state[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> dict[str, Any]:
        with self._state._lock:
            found: dict[str, Any] = _gathered.fget(self._state._state)
            return found


def mend_lookups() -> None:
    """Have widgets look up what they use alone."""
    SafeSessionState.filtered_state = property(Kept)  # type: ignore[method-assign,assignment]
