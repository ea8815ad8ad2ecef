"""Which clips an atlas is to be made of: files, folders, lists, and generated ones, by name."""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from phenaki_viz.atlas.job import ClipName
from phenaki_viz.checkpoints.files import digest_of
from phenaki_viz.data import AS_IT_IS, Clip, Prompt, Reading, load_clip, read_prompt
from phenaki_viz.data.generated import MOST, generated_clip, generated_name, is_generated
from phenaki_viz.errors import CheckpointError, ConfigError, FileError
from phenaki_viz.files import open_file, path_of, shown, unreadable

GENERATED = re.compile(r"generated:(\d{1,10})(?:\?(.*))?", re.DOTALL)
NO_LETTER = re.compile("[\ud800-\udfff]")  # as Python reads bytes of a name that are no UTF-8
HOW = "generated:COUNT, or generated:COUNT?seed=7&first=0"
# Of the files in a folder, those that are clips; stills there may be frames of one, or anything.
CLIP_ENDINGS = frozenset(
    ".gif .webp .apng .npy .npz .zip .mp4 .mov .webm .mkv .avi .mpeg .mpg".split()
)
LONGEST_LIST = 2**28  # bytes
LONGEST_WORDS = 2**16  # bytes of the words beside a clip


def clips_of(sources: Sequence[str], lists: Iterable[Path] = ()) -> tuple[ClipName, ...]:
    """Every clip that is meant, in their order; one that is named twice is there once.

    sources: paths of clips and of folders, whose clips are taken in the order of their names;
    'generated:1000?seed=7'. What a clip shows stands in a text file beside it: of two.gif in
    two.txt. lists: files of a path a line, and behind a tab what the clip shows.
    Raises ConfigError where there is none, FileError of a list or folder that cannot be read.
    """
    named = [clip for source in sources for clip in _named(source)]
    named += [clip for path in lists for clip in _listed(path)]
    if not named:
        raise ConfigError(f"no clip is given: name files or folders of clips, or {HOW}")
    once: dict[tuple[str, str], ClipName] = {}
    for clip in named:
        once.setdefault((clip.path or clip.name, clip.prompt), clip)
    return tuple({clip.identity: clip for clip in once.values()}.values())


def _named(source: str) -> Iterator[ClipName]:
    if source.startswith("generated:"):
        yield from generated_clips(source)
        return
    path = path_of(source)
    if not path.is_dir():
        yield _of_file(path, _words_beside(path))
        return
    inside = sorted(one for one in _files_in(path) if one.suffix.lower() in CLIP_ENDINGS)
    if not inside:
        endings = " ".join(sorted(CLIP_ENDINGS))
        raise ConfigError(
            f"{shown(source)} has no clip in it: a folder stands for its files that end in "
            f"{endings}; of a folder of pictures make a ZIP"
        )
    for one in inside:
        yield _of_file(one, _words_beside(one), one.relative_to(path).as_posix())


def _files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, each folder once; linked ones are the last.

    Raises FileError of one that cannot be read: its clips would be missing without a word.
    """

    def refuse(error: OSError) -> None:
        raise unreadable(Path(error.filename), error) from error

    waiting, seen = deque([folder]), set[str]()
    while waiting:
        for here, folders, files in os.walk(waiting.popleft(), onerror=refuse):
            real = os.path.realpath(here)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            yield from (Path(here, name) for name in files)
            waiting += sorted(one for one in map(Path(here).joinpath, folders) if one.is_symlink())


def generated_clips(source: str) -> Iterator[ClipName]:
    """The clips that 'generated:COUNT?seed=S&first=F' stands for. Raises ConfigError."""
    found = GENERATED.fullmatch(source)
    fields = dict(parse_qsl(found[2] or "", keep_blank_values=True)) if found else {}
    if not found or set(fields) - {"seed", "first"} or not all(map(_is_number, fields.values())):
        raise ConfigError(f"{shown(source)!r} is no set of generated clips: give {HOW}")
    count, seed, first = int(found[1]), int(fields.get("seed", 0)), int(fields.get("first", 0))
    if not count or seed >= MOST or first + count > MOST:
        raise ConfigError(f"{shown(source)}: use at least one clip, and numbers below {MOST:,}")
    for number in range(first, first + count):
        yield ClipName(name=generated_name(seed, number))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,10}", text))


def _listed(path: Path) -> Iterator[ClipName]:
    with open_file(path.expanduser()) as opened:
        text = opened.read(LONGEST_LIST + 1)
    if len(text) > LONGEST_LIST:
        raise FileError(f"{shown(path.name)} is longer than {LONGEST_LIST:,} bytes: split the list")
    # Read as the system reads names, which may have bytes that are no UTF-8.
    for line in re.split(r"[\r\n]", text.decode("utf-8-sig", "surrogateescape")):
        name, _, words = line.partition("\t")
        if name.strip():
            file = path.expanduser().parent / path_of(name)
            yield _of_file(file, _writable(words.strip()), name.strip())


def _words_beside(path: Path) -> str:
    """What a clip shows, as the text file beside it says; "" where there is none."""
    try:
        with open_file(path.with_suffix(".txt")) as file:
            return " ".join(file.read(LONGEST_WORDS).decode("utf-8", "replace").split())
    except FileError:
        return ""


def _of_file(path: Path, words: str, name: str = "") -> ClipName:
    """name: by which it is known; without one that of the file."""
    try:
        digest = digest_of(path)
    except CheckpointError:
        digest = ""  # the worker finds out why, and its row says it
    known_as = _writable(name or path.name)
    return ClipName(name=known_as, path=str(path.absolute()), prompt=words, digest=digest)


def _writable(text: str) -> str:
    """What can be written as UTF-8: a byte of a name that is none is \ufffd."""
    return NO_LETTER.sub("\ufffd", text)


def loaded(clip: ClipName, reading: Reading = AS_IT_IS) -> tuple[Clip, Prompt]:
    """A clip and what it shows. reading: of a file. Raises VideoError in plain words."""
    if is_generated(clip.name) and not clip.path:
        made, caption = generated_clip(clip.name)
        return made, read_prompt(caption)
    return load_clip(Path(clip.path), reading), read_prompt(clip.prompt)
