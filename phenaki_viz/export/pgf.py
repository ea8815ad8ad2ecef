r"""A figure for `\input` in LaTeX: its words are set in the document's own type.

Weights are images beside it. LaTeX is not needed to make it: the room that words take is measured
in the fonts that the other formats are written in. Words in other scripts than Latin need XeLaTeX
or LuaLaTeX and a document font that has them.
"""

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_pgf import RendererPgf
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D
from PIL import Image

from phenaki_viz.export.composer import laid_out
from phenaki_viz.export.provenance import PGF_MARK, jsonable
from phenaki_viz.figures.composed import Composed
from phenaki_viz.figures.tex import tex
from phenaki_viz.files import write_bytes

FAMILIES = {"sans": "sans-serif", "serif": "serif", "computer modern": "serif"}
# What matplotlib's own header says, with what is inside.
HEADER = r"""%% A figure by phenaki_viz: \input{{{stem}.pgf}}
%% Say \usepackage{{pgf}} in the preamble. Its images have to lie beside the main file; if both
%% are in a folder, say \usepackage{{import}} and \import{{folder/}}{{{stem}.pgf}}
{mark}{provenance}
"""
STORED = (1980, 1, 1, 0, 0, 0)  # the date of what is in a ZIP: the same figure, the same bytes


def pgf_files(composed: Composed, stem: str = "figure") -> dict[str, bytes]:
    """The figure as files by their names: the PGF code first, then the images it reads.

    The same figure gives the same bytes. The recipe is in a comment at the top.
    """
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", stem)  # no sign that TeX reads otherwise
    with laid_out(composed, vector=True) as figure, tempfile.TemporaryDirectory() as folder:
        mpl.rcParams.update({"pgf.rcfonts": False, "pgf.texsystem": "pdflatex"})
        main = Path(folder) / f"{plain}.pgf"
        with main.open("w", encoding="utf-8", newline="\n") as file:
            provenance = json.dumps(jsonable(composed.provenance), ensure_ascii=True)
            file.write(HEADER.format(stem=stem, mark=PGF_MARK, provenance=provenance))
            _write(figure, file, FAMILIES[composed.recipe.typeface])
        images = sorted(Path(folder).glob("*.png"))
        read = {path.name: path.read_bytes() for path in images}
        return {f"{stem}.pgf": main.read_bytes(), **read}


def pgf_zip(composed: Composed, stem: str = "figure") -> bytes:
    """The figure's PGF code and its images in one ZIP; see `pgf_files`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pgf_files(composed, stem).items():
            archive.writestr(zipfile.ZipInfo(name, STORED), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_pgf(composed: Composed, path: Path) -> Path:
    """Write the PGF code to `path` and its images beside it. Raises ExportError."""
    files = pgf_files(composed, path.stem)
    for name in reversed(files):  # the code last: where it is, its images are
        write_bytes(path.with_name(name), files[name])
    return path


def _write(figure: Figure, file: Any, family: str) -> None:
    wide, high = figure.get_size_inches()
    renderer = MixedModeRenderer(figure, wide, high, figure.dpi, _Pgf(figure, file, family))
    file.write("\\begingroup%\n\\makeatletter%\n\\begin{pgfpicture}%\n")
    corner = f"\\pgfqpoint{{{wide:f}in}}{{{high:f}in}}"
    file.write(f"\\pgfpathrectangle{{\\pgfpointorigin}}{{{corner}}}%\n")
    file.write("\\pgfusepath{use as bounding box, clip}%\n")
    figure.draw(renderer)
    file.write("\\end{pgfpicture}%\n\\makeatother%\n\\endgroup%\n")


class _Pgf(RendererPgf):
    """Words as data, in the document's own type, measured without LaTeX."""

    get_text_width_height_descent = RendererBase.get_text_width_height_descent

    def __init__(self, figure: Figure, file: Any, family: str) -> None:
        super().__init__(figure, file)
        self.family = family

    def draw_image(self, gc, x, y, im, transform=None) -> None:  # type: ignore[no-untyped-def]
        """Cells as a file beside the code, each as sharp as it is: no reader smooths between them.

        matplotlib's own asks LaTeX which command includes images; PGF's own is always there.
        """
        high, wide = im.shape[:2]
        if not (high and wide):
            return
        main = Path(self.fh.name)
        name = f"{main.stem}-img{self.image_counter}.png"
        Image.fromarray(im[::-1]).save(main.with_name(name))
        self.image_counter += 1
        whole = Affine2D().scale(wide, high) if transform is None else transform.frozen()
        a, b, c, d, right, up = (number / self.dpi for number in whole.translate(x, y).to_values())
        self.fh.write("\\begin{pgfscope}%\n")
        self._print_pgf_clip(gc)
        self.fh.write(f"\\pgfsys@transformcm{{{a:f}}}{{{b:f}}}{{{c:f}}}{{{d:f}}}")
        self.fh.write(f"{{{right:f}in}}{{{up:f}in}}%\n")
        how = "interpolate=false,width=1in,height=1in"
        self.fh.write(f"\\pgftext[left,bottom]{{\\pgfimage[{how}]{{{name}}}}}%\n")
        self.fh.write("\\end{pgfscope}%\n")

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:  # type: ignore[no-untyped-def]
        """A word, each sign of it as itself."""
        prop = prop.copy()
        prop.set_family(self.family)
        super().draw_text(gc, x, y, tex(s), prop, angle, False, mtext)
