"""Settings as they are found in a file of weights, each with where it comes from."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from phenaki_viz.checkpoints.corrections import value_like, value_text
from phenaki_viz.checkpoints.files import TensorInfo
from phenaki_viz.errors import CheckpointError

How = Literal["read", "inferred", "assumed"]
Shapes = Mapping[str, TensorInfo]


@dataclass(frozen=True)
class Setting:
    """One setting. how: read from a header, inferred from shapes, or assumed.

    why: one sentence. options: what a user may correct it to; empty when shapes fix it. typed:
    how a value that is not among them is written, empty where there can be no other. corrected:
    whether the user said so.
    """

    name: str
    value: Any
    how: How
    why: str
    options: tuple[Any, ...] = ()
    typed: str = ""
    corrected: bool = False

    @property
    def sentence(self) -> str:
        """The setting and where it comes from, as it is kept with a recording."""
        how = "as you say" if self.corrected else self.how
        return f"{self.name} = {value_text(self.value) or 'without a prefix'} ({how}; {self.why})"


@dataclass
class Finding:
    """Settings as they are found, in order, with the user's corrections put in."""

    shapes: Shapes
    corrections: Mapping[str, Any]
    prefix: str = ""
    settings: list[Setting] = field(default_factory=list)

    def shape(self, key: str) -> tuple[int, ...]:
        """Shape of a tensor that must be there, with as many axes as its kind has.

        Raises CheckpointError where it is missing, or is not so.
        """
        if key not in self.shapes:
            raise CheckpointError(f"the tensor {self.prefix}{key} is missing")
        shape, axes = self.shapes[key].shape, _axes(key)
        if len(shape) != axes or (0 in shape and not key.endswith("null_kv")):
            found = " × ".join(map(str, shape)) or "one number"
            raise CheckpointError(
                f"the tensor {self.prefix}{key} is {found}; it has {axes} axes in such a model, "
                "none of them empty"
            )
        return shape

    def inferred(self, name: str, value: Any, why: str) -> Any:
        """A setting that the shapes fix.

        Raises CheckpointError where it was corrected to another value.
        """
        chosen = self._chosen(name, value)
        if chosen != value:
            raise CheckpointError(
                f"{self.prefix}{name} is {value_text(value)} in the file ({why}); it cannot be "
                f"{value_text(chosen)}"
            )
        self.settings.append(Setting(self.prefix + name, value, "inferred", why))
        return value

    def assumed(
        self,
        name: str,
        value: Any,
        why: str,
        options: tuple[Any, ...],
        *,
        typed: str = "",
        fits: Callable[[Any], bool] = lambda chosen: False,
    ) -> Any:
        """A setting that shapes do not fix: the correction, or what is most likely.

        typed: how another value than the options is written, where `fits` takes one. Raises
        CheckpointError for a correction that the file does not allow.
        """
        chosen = self._chosen(name, value)
        offered = options if value in options else (value, *options)
        if chosen not in offered:
            if not fits(chosen):
                raise CheckpointError(
                    f"{self.prefix}{name} cannot be {value_text(chosen)}: the file allows "
                    f"{', '.join(map(value_text, offered))}{typed and f'; or {typed}'}"
                )
            offered = (*offered, chosen)
        full = self.prefix + name
        self.settings.append(
            Setting(full, chosen, "assumed", why, offered, typed, full in self.corrections)
        )
        return chosen

    def _chosen(self, name: str, value: Any) -> Any:
        full = self.prefix + name
        return value_like(full, self.corrections.get(full, value), value)

    def has(self, pattern: str) -> bool:
        """Whether any tensor's name matches."""
        return any(re.match(pattern, key) for key in self.shapes)


def _axes(key: str) -> int:
    if key.endswith(("null_kv", "_codebook.embed")):
        return 3
    return 1 if key.endswith("q_scale") else 2
