"""An inspection in words, a line a setting."""

from phenaki_viz.checkpoints.opening import Inspection


def describe(inspection: Inspection) -> list[str]:
    """What the file is, every setting with where it comes from, and what was left out."""
    lines = [
        f"{inspection.name}: {inspection.kind}, {inspection.tensors} tensors, "
        f"{inspection.bytes / 1e6:,.1f} MB"
    ]
    lines += [line for line in (inspection.title, inspection.licence) if line]
    for setting in inspection.settings:
        lines.append(f"  {setting.name} = {setting.value}  ({setting.how}: {setting.why})")
    lines += [f"  note: {note}" for note in inspection.notes]
    return lines
