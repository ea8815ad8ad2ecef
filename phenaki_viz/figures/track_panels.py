"""Tracks as a panel of a figure: the heads that are named, and the object that begins there."""

from collections.abc import Sequence

from phenaki_viz.analysis.truth import truth_of
from phenaki_viz.data import as_rgb
from phenaki_viz.errors import ConfigError
from phenaki_viz.figures.head import Head
from phenaki_viz.figures.track_views import Question, answer, tracks_picture
from phenaki_viz.figures.tracks import Tracks
from phenaki_viz.recording import Place
from phenaki_viz.recording.passes import Pass
from phenaki_viz.runs.run import Run


def panel_tracks(
    run: Run, one: Pass, head: Head, place: Place, also: Sequence[tuple[int, int]], video: int
) -> Tracks:
    """The paths of heads of one pass from a patch, judged where a known path begins there.

    also: (layer, head) of those beside the first. Raises ConfigError for a head that is not there
    and for maps of a text.
    """
    if head.record.is_cross:
        raise ConfigError("a track is of patches that look at patches: these maps read a text")
    heads = [head, *(_other(one, head, layer, number) for layer, number in also)]
    question = _question(run, place)
    answers = [answer(each, question, video) for each in heads]
    return tracks_picture(answers, question, as_rgb(run.clip), run.temporal_patch)


def _question(run: Run, place: Place) -> Question:
    """From this patch, beside the path of the object that is there, if one is known."""
    truth = truth_of(run)
    for name, path in zip(truth.names, truth.paths, strict=True):
        known = Question(start=place, path=path, whose=name)
        if known.of_object:
            return known
    return Question(start=place)


def _other(one: Pass, head: Head, layer: int, number: int) -> Head:
    for record in one.records:
        if record.layer == layer and number in record.heads:
            return Head(head.recording, record, head.item, record.heads.index(number))
    raise ConfigError(f"there is no head {number} in layer {layer} of these maps")
