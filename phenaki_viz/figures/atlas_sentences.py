"""What an atlas is of, in words: how many clips, of which weights, what is missing of it."""

from typing import TYPE_CHECKING

from phenaki_viz.files import shown
from phenaki_viz.nouns import counted

if TYPE_CHECKING:
    from phenaki_viz.atlas.reading import Atlas


def atlas_sentence(atlas: "Atlas") -> str:
    """'Atlas of 1,000 clips, weights c816d70e2f0a, 50 % of the tokens masked.'."""
    settings = atlas.settings
    said = [
        f"Atlas of {counted(atlas.clips, 'clip')}",
        f"weights {shown(settings.weights_digest)}",
        f"{settings.share * 100:.3g} % of the tokens masked",
    ]
    if settings.masks:
        masks = f"{counted(settings.masks, 'mask')} of {settings.sweep_share * 100:.3g} %"
        said.append(f"heads switched off under {masks}")
    return f"{', '.join(said)}."


def failed_sentence(atlas: "Atlas") -> str:
    """'3 clips could not be measured, the first: broken.gif, …'; "" where all could be."""
    if not atlas.all_failed:
        return ""
    name, why = atlas.failed[0]
    count = counted(atlas.all_failed, "clip")
    which = "" if atlas.all_failed == 1 else ", the first"
    return f"{count} could not be measured{which}: {shown(name)}, {shown(why, 160)}."


def weights_warning(atlas: "Atlas", digest: str | None) -> str:
    """What is wrong with showing an atlas beside a model of these weights; "" where nothing is."""
    of = atlas.settings.weights_digest
    if not digest or digest == of:
        return ""
    return (
        f"This atlas is of the weights {shown(of)}, what the app looks at has {shown(digest)}: the "
        "table below says nothing of these heads."
    )
