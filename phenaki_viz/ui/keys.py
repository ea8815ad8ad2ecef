"""The keys that this page listens to: one table, for what hears them and for what lists them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """press: as it stands on the keyboard. does: in words. goes: the picture that it puts the focus
    on, by its key; "" where it does something else.
    """

    press: str
    does: str
    goes: str = ""


# From anywhere on the page but a text field.
EVERYWHERE = (
    Key("g", "to the grid of heads", "grid-heads"),
    Key("m", "to the large map", "map"),
    Key("s", "to the frames", "strip"),
    Key("[ ]", "the layer before, the next one"),
    Key(", .", "the head before, the next one"),
)
# While a picture has the focus.
IN_PICTURES = (
    Key("← ↑ → ↓", "move the patch, the cell, the head"),
    Key("Shift + arrow", "frames: add a patch to those that are chosen"),
    Key("Page Up, Page Down", "the time step before, the next one"),
    Key("Space", "frames: let the patch walk, stop it"),
    Key("Esc", "let go: of the patch, the zoom, the head alone"),
    Key("+ − 0", "map: closer, farther, the whole map"),
    Key("p", "grid: pin the head, to see it beside others"),
    Key("i", "grid: the head alone"),
    Key("Enter", "grid: look at the head"),
)
