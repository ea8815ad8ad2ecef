"""Every kind of picture, found by looking, answers with every face in every format."""

import io
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import numpy as np
import pytest
from PIL import Image

import phenaki_viz.figures
from phenaki_viz.errors import ExportError
from phenaki_viz.export import FORMATS, kinds, render
from phenaki_viz.export.faces import Faces
from phenaki_viz.export.kinds import faces_of, known_kinds
from phenaki_viz.export.thumbnails import LONGEST, thumbnail
from phenaki_viz.figures.picture import Picture
from tests.export.rendered import PICTURES, rendered

SIGNS = {
    "png": b"\x89PNG",
    "svg": b"<?xml",
    "pdf": b"%PDF",
    "html": b"<!doctype html>",
    "npz": b"PK",
    "csv": b"# phenaki_viz",
}


def subclasses(kind: type[Picture]) -> Iterator[type[Picture]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.fixture(scope="module")
def in_the_house() -> set[type[Picture]]:
    """Every kind of picture that any module under `figures` makes."""
    for found in walk_packages(phenaki_viz.figures.__path__, "phenaki_viz.figures."):
        import_module(found.name)
    return {one for one in subclasses(Picture) if one.__module__.startswith("phenaki_viz.")}


def test_every_kind_has_a_module_of_faces_and_a_sample_here(in_the_house):
    assert len(in_the_house) >= 9
    assert set(known_kinds()) == in_the_house
    assert {type(picture) for picture in PICTURES.values()} == in_the_house


def test_a_module_of_kinds_is_one_kind():
    modules = {type(faces).__module__ for faces in known_kinds().values()}
    assert len(modules) == len(known_kinds())
    assert all(name.startswith(f"{kinds.__name__}.") for name in modules)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_answers_in_every_format(kind, form):
    content = rendered(kind, form)
    assert content[:400].lstrip().lower().startswith(SIGNS[form].lower())


@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_has_a_thumbnail_of_more_than_one_colour(kind):
    image = Image.open(io.BytesIO(thumbnail(PICTURES[kind])))
    assert max(image.size) == LONGEST
    assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 1


@pytest.mark.parametrize("kind", PICTURES)
def test_the_table_has_a_title_for_every_number(kind):
    titles, *lines = faces_of(PICTURES[kind]).rows(PICTURES[kind])
    assert lines
    assert all(len(line) == len(titles) for line in lines)


def test_a_kind_that_lacks_a_face_is_not_made():
    class Blind(Faces[Picture]):
        kind = Picture

    with pytest.raises(TypeError, match=r"abstract method.*arrays.*page.*rows.*sheet.*small"):
        Blind()


def test_a_picture_of_no_kind_is_refused_in_words():
    for form in FORMATS:
        with pytest.raises(ExportError, match="Picture is no kind of picture"):
            render(Picture(name="a", title="b"), form)
