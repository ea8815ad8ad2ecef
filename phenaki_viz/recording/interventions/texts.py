"""Interventions to JSON and back: what comes from outside is checked, never trusted."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import cast

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions.kinds import (
    KINDS,
    Intervention,
    Interventions,
    as_dict,
)

MOST = 1024  # interventions together
LONGEST = 4_000_000  # characters of JSON


def to_json(interventions: Iterable[Intervention]) -> str:
    """A list of objects, each with what it does: `[{"do": "scale position", "factor": 0.0, …}]`."""
    return json.dumps([as_dict(one) for one in interventions], ensure_ascii=False)


def from_json(text: str | bytes) -> Interventions:
    """The interventions that a JSON text holds. Raises ConfigError, which says what is wrong."""
    if len(text) > LONGEST:
        raise ConfigError(f"interventions of {len(text):,} characters: use up to {LONGEST:,}")
    try:
        plain = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ConfigError("interventions are JSON with lists in lists in lists: use one") from None
    except ValueError as error:  # also bytes that are no text
        raise ConfigError(f"interventions are no JSON: {str(error)[:100]}") from None
    return from_plain(plain)


def from_plain(plain: object) -> Interventions:
    """The interventions of a list of mappings. Raises ConfigError."""
    if not isinstance(plain, list) or len(plain) > MOST:
        raise ConfigError(f"interventions are a JSON list of up to {MOST:,} objects")
    return tuple(_of(one) for one in plain)


def _of(plain: object) -> Intervention:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("do"), str):
        raise ConfigError('an intervention is an object with "do", which says what is done')
    kind = KINDS.get(plain["do"])
    if kind is None:
        raise ConfigError(f"nothing is called {plain['do'][:40]!r}; there are {', '.join(KINDS)}")
    given = {name: value for name, value in plain.items() if name != "do"}
    known = {field.name: field for field in fields(kind)}
    strange = [str(name)[:40] for name in given if name not in known]
    missing = [
        name for name, field in known.items() if field.default is MISSING and name not in given
    ]
    if strange or missing:
        what = f"does not know {strange[0]!r}" if strange else f"needs {missing[0]!r}"
        raise ConfigError(f"{kind.kind} {what}; it has {', '.join(known) or 'nothing to say'}")
    if "mean" in given and not isinstance(given["mean"], list):
        raise ConfigError(f"{kind.kind}: a mean is a list of numbers")
    return cast(Intervention, kind(**given))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
