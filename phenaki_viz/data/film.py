"""MP4 and its kin through PyAV, where that is installed."""

import io

import numpy as np

from phenaki_viz.data.clip import Clip
from phenaki_viz.data.limits import ClipLimits, check_frame
from phenaki_viz.errors import VideoError


def read_film(name: str, content: bytes, limits: ClipLimits) -> Clip:
    """Decode the first frames of the first video stream, shrunk as they come.

    Raises VideoError without PyAV, for a film without video, or one that cannot be decoded.
    """
    try:
        import av
    except ImportError as error:
        raise VideoError(
            f"{name} is a film; reading films needs PyAV: pip install 'phenaki-viz[video]' "
            "(or convert it to GIF)"
        ) from error
    notes = ["frame rate was dropped: every frame is one step"]
    frames: list[np.ndarray] = []
    try:
        with av.open(io.BytesIO(content)) as film:
            if not film.streams.video:
                raise VideoError(f"{name} has no video stream")
            width, height = film.streams.video[0].width, film.streams.video[0].height
            check_frame(name, width, height, 1, limits)
            factor = min(1.0, limits.side / max(width, height))
            size = {"width": round(width * factor), "height": round(height * factor)}
            for frame in film.decode(video=0):
                if len(frames) == limits.frames:
                    notes.append(f"the first {limits.frames} frames are used")
                    break
                frames.append(frame.to_ndarray(format="rgb24", **size))
    except (av.error.FFmpegError, OSError) as error:
        if not frames:
            raise VideoError(f"{name} cannot be decoded: {error}") from error
        notes.append(f"{len(frames)} frames: the file is damaged or ends early")
    if not frames:
        raise VideoError(f"{name} has no frames")
    return Clip(np.stack(frames), name, tuple(notes))
