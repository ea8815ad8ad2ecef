"""What a caller can catch. Messages say what was found, what was expected and what to do."""


class PhenakiVizError(Exception):
    """Base of every error this package raises on purpose."""


class FileError(PhenakiVizError):
    """A path or a file that cannot be read; callers raise an error of their own."""


class ShapeError(PhenakiVizError, ValueError):
    """Tensors whose shapes cannot work together; the message gives the shapes."""


class ConfigError(PhenakiVizError, ValueError):
    """A setting outside its range, or settings that contradict each other."""


class VideoError(PhenakiVizError, ValueError):
    """A clip that cannot be read, or cannot become tokens."""


class RecordingError(PhenakiVizError):
    """A model that cannot be recorded, or a question the recording cannot answer."""


class RecordingTooLargeError(RecordingError):
    """The maps would take more memory than allowed. `needed` and `limit` are bytes."""

    def __init__(self, message: str, *, needed: int, limit: int) -> None:
        super().__init__(message)
        self.needed = needed
        self.limit = limit


class ExportError(PhenakiVizError):
    """A picture or its numbers could not be written; nothing half-written is left behind."""


class CheckpointError(PhenakiVizError, ValueError):
    """A file of weights that cannot be used; what was in use stays in use."""


class NonFiniteWeightsError(CheckpointError):
    """Weights with NaN or infinity, which can be opened all the same when that is allowed."""


class TrainingError(PhenakiVizError):
    """Training that cannot go on: a saved state that does not fit, or a loss that is no number."""


class AtlasError(PhenakiVizError):
    """An atlas of heads that cannot be made or opened: its files are of another kind or damaged."""


class VerificationWarning(UserWarning):
    """A recorded map is not what the model used: its check against the model failed."""


class RecordingWarning(UserWarning):
    """A `record` block that caught nothing, or not all; `Recording.missed` says the same."""
