"""The map of another run, put into a head: which map, and where."""

from dataclasses import dataclass
from typing import ClassVar

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions.checks import (
    MOST_HEADS,
    check_name,
    check_number,
    check_text,
    is_digest,
    is_number,
    take_plain,
)

MOST_CALLS = 2**20


@dataclass(frozen=True, kw_only=True)
class TransferMap:
    """A head reads by the map of another run, whatever its own queries and keys say.

    Its values are those of the run at hand. The map is named by the `digest` under which
    `kept_maps` keeps it; or by the run it is made of: `clip` with `prompt`, `share` of the tokens
    hidden by `seed`, as `run_model` has it; or by a `recording`, the digest of its file, and
    there by the module's `call`, counted from 0. What is not kept yet is fetched before it can be
    in force, see `evaluation.transfers`. head: None puts in the maps of all heads of the module.
    A pass that was asked without its text keeps its own maps of it.
    Refused, while the model runs, where the map has other queries or more keys than the call, or
    reads what a mask hides there.
    Source: Hertz et al. 2022, Prompt-to-Prompt Image Editing with Cross Attention Control: maps of
    one prompt put into the run of another.
    """

    kind: ClassVar[str] = "transfer map"
    module: str
    head: int | None = None
    digest: str = ""
    clip: str = ""
    prompt: str = ""
    seed: int = 0
    share: float = 0.5
    recording: str = ""
    call: int = 0

    def __post_init__(self) -> None:
        take_plain(self)
        check_name(self.kind, self.module)
        if self.head is not None:
            check_number(self.kind, "the head", self.head, MOST_HEADS)
        check_number(self.kind, "the seed", self.seed, 2**63)
        check_number(self.kind, "the call", self.call, MOST_CALLS)
        for text in (self.clip, self.prompt, self.recording):
            if text != "":
                check_text(self.kind, text)
        if not is_number(self.share) or not 0 <= self.share <= 1:
            raise ConfigError(f"{self.kind}: the share is {str(self.share)[:20]}; use 0 to 1")
        object.__setattr__(self, "share", float(self.share))
        if not isinstance(self.digest, str) or not (self.digest == "" or is_digest(self.digest)):
            raise ConfigError(f"{self.kind}: a digest is 64 hexadecimal digits")
        if self.clip and self.recording:
            raise ConfigError(f"{self.kind}: the map is of a clip or of a recording, not of both")
        if not (self.clip or self.recording or self.digest):
            raise ConfigError(
                f"{self.kind}: say which map: of a clip, of a recording, or its digest"
            )

    @property
    def of(self) -> str:
        """What the map was made of, in words."""
        if self.recording:
            return f"recording {self.recording}"
        if self.clip:
            text = f"“{self.prompt}”" if self.prompt else "no text"
            return f"clip “{self.clip}” with {text}, seed {self.seed}"
        return f"map {self.digest[:12]}"

    @property
    def said(self) -> str:
        """In words."""
        heads = "all heads" if self.head is None else f"head {self.head}"
        return f"{self.module} {heads} with the map of {self.of}"
