"""What a file of weights holds, before it is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phenaki_viz.checkpoints.finding import Setting
from phenaki_viz.models.configs import (
    CriticConfig,
    CViViTConfig,
    MaskGitConfig,
    PhenakiConfig,
)

Config = CViViTConfig | MaskGitConfig | CriticConfig | PhenakiConfig


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a file holds. kind: CViViT, MaskGit, TokenCritic or Phenaki. bytes: of the file.

    settings: with where each comes from. notes: what was left out or unwrapped. title, licence,
    record: of this project's own files.
    """

    name: str
    kind: str
    config: Config
    settings: tuple[Setting, ...]
    notes: tuple[str, ...]
    tensors: int
    bytes: int
    title: str = ""
    licence: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Every setting that the file does not fix, with why, a sentence each."""
        return tuple(one.sentence for one in self.settings if one.how == "assumed")
