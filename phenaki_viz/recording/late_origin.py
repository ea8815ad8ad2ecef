"""What made a recording: noted before the model runs, or later where that is to wait for a GPU."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from phenaki_viz.recording.digests import LateDigest
from phenaki_viz.recording.families.phenaki import Listened
from phenaki_viz.recording.origin import origin_of, unknown
from phenaki_viz.recording.recording import Recording

NOT_YET = "not known yet"  # an input digest that is being made


@dataclass
class LateOrigin:
    """Notes in a recording which model made it of which input.

    found: what the model is made of. was_compiled: the model was handed over compiled.
    is_due: the model runs, and is noted when a GPU is busy with it.
    """

    model: nn.Module
    found: Listened
    recording: Recording
    was_compiled: bool = False
    is_due: bool = False
    digest: LateDigest | None = None

    @property
    def is_noted(self) -> bool:
        """Whether there is nothing left to begin with."""
        return bool(self.recording.provenance) or self.is_due

    def begin(self, args: Any, kwargs: Any) -> None:
        """The model is called with these.

        The digest of weights is made now if the model learns: running it may change them.
        """
        self.digest, self.is_due = None, False
        if not LateDigest.is_needed(args, kwargs):
            self._note(args, kwargs, "")
            return
        try:
            self.digest = LateDigest(args, kwargs)
        except RuntimeError as error:  # no memory for a copy
            self._note((), {}, unknown(error))
            return
        self.is_due = not self.model.training
        if not self.is_due:
            self._note((), {}, NOT_YET)

    def note_if_due(self) -> None:
        """Note the model, while a GPU is busy."""
        if self.is_due:
            self._note((), {}, NOT_YET)

    def finish(self) -> None:
        """Wait for the digest of the input."""
        if self.digest is None:
            return
        digest, self.digest = self.digest, None
        try:
            self.recording.provenance["input_digest"] = digest.result()
        except Exception as error:
            self.recording.provenance["input_digest"] = unknown(error)

    def _note(self, args: Any, kwargs: Any, digest: str) -> None:
        self.is_due = False
        try:
            self.recording.provenance |= origin_of(
                self.model, args, kwargs, digest=digest, found=self.found
            )
        except Exception as error:  # weights that cannot be read are no reason to stop the model
            self.recording.provenance |= {
                "model": type(self.model).__name__,
                "weights_digest": unknown(error),
            }
        if self.was_compiled:
            self.recording.provenance["compiled"] = "recorded uncompiled"
