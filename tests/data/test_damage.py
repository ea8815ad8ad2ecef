"""Damaged and hostile files: one VideoError or a note, and no memory for empty promises."""

import io
import random
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.data import ClipLimits, load_clip, read_prompt
from phenaki_viz.data.gif_outline import outline_gif
from phenaki_viz.errors import VideoError
from tests.data.test_clips import FRAMES, gif, npy, packed, png

TINY = b"\x02\x02D\x01\x00"  # one pixel, LZW


def drawn_gif(width: int, height: int, corners: list[tuple[int, int]]) -> bytes:
    """A GIF whose frames are one pixel each, at these corners, inside its canvas or not."""
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\0\0\0\xff\xff\xff"
    frames = (b"\x2c" + struct.pack("<HHHHB", x, y, 1, 1, 0) + TINY for x, y in corners)
    return head + b"".join(frames) + b";"


def npy_header(shape: object) -> bytes:
    """A .npy file without values."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header


def boundary(raw: bytes, frames: int) -> int:
    """The shortest length at which this many frames are whole."""
    return next(size for size in range(len(raw)) if outline_gif(raw[:size]).frames == frames)


def damaged_deflate() -> bytes:
    content = bytearray(packed({"a.png": png()}, compression=zipfile.ZIP_DEFLATED))
    at = 30 + len("a.png")
    content[at : at + 6] = b"\xff" * 6
    return bytes(content)


WHOLE = gif()
REFUSED = {
    "cut in its first frame": (WHOLE[: boundary(WHOLE, 1) - 9], "no frame that can be read"),
    "no frames": (drawn_gif(4, 4, []), "no frame that can be read"),
    "frame past the canvas": (drawn_gif(4, 4, [(0, 0), (10, 9)]), "frame 0 is 4×4, the clip 11×10"),
    "canvas grown by a frame": (drawn_gif(4, 4, [(0, 0), (11999, 11999)]), "frames of 12000×12000"),
    "40 frames of 4000x4000": (drawn_gif(4000, 4000, [(0, 0)] * 40), "640,000,000 pixels to"),
    "png cut": (png()[:60], "no frame that can be read"),
    "zip with a damaged image": (
        packed({"f1.png": png(), "f2.png": png()[:40]}),
        "f2.png is a damaged image",
    ),
    "zip with damaged deflate": (damaged_deflate(), "is a damaged ZIP file"),
    "zip by lzma": (packed({"a.png": png()}, compression=zipfile.ZIP_LZMA), "rare method"),
    "array of 10^15 promised": (npy_header((10**5,) * 3), "promises (100000, 100000, 100000)"),
    "array of 3 GB promised": (npy_header((1000, 1000, 1000, 3)), "3,000,000,000 bytes; the file"),
    "array with a broken header": (npy_header("(1,"), "its header is damaged"),
    "array of negative size": (npy_header((-1, 4, 4)), "is incomplete"),
    "array cut": (npy(FRAMES)[:-5], "385 bytes; the file has 380"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_damage_is_refused_in_words(what):
    content, message = REFUSED[what]
    with pytest.raises(VideoError) as caught:
        load_clip((f"{what}.bin", content))
    assert message in str(caught.value)
    assert "object at" not in str(caught.value)  # no object of ours in a sentence for people


@pytest.mark.parametrize("frames", [1, 3, 4])
def test_a_gif_cut_between_frames_says_so(frames):
    clip = load_clip(("cut.gif", WHOLE[: boundary(WHOLE, frames)]))
    np.testing.assert_array_equal(clip.frames[..., 0], FRAMES[:frames])
    assert any(f"{frames} frames: the file is damaged or ends early" in n for n in clip.notes)


def test_a_whole_gif_is_not_called_damaged():
    assert outline_gif(WHOLE).complete
    assert not any("ends early" in note for note in load_clip(("c.gif", WHOLE)).notes)


def test_sixteen_bits_are_scaled_not_clipped():
    deep = np.array([[0, 257, 32768], [1000, 65534, 65535]], np.uint16)
    clip = load_clip(("deep.png", png(deep)))
    assert clip.frames[0, ..., 0].tolist() == [[0, 1, 128], [4, 255, 255]]


def test_names_with_odd_digits_are_sorted():
    names = ["²1.png", "1" * 5000 + ".png", "frame10.png", "frame9.png"]
    clip = load_clip(
        ("z.zip", packed({name: png(frame) for name, frame in zip(names, FRAMES, strict=False)}))
    )
    pixels = [frame.tolist() for frame in clip.frames[..., 0]]
    assert pixels.index(FRAMES[3].tolist()) < pixels.index(FRAMES[2].tolist())


def test_images_of_a_zip_are_priced_together():
    images = {f"{at}.png": png(frame) for at, frame in enumerate(FRAMES)}
    assert len(load_clip(("z.zip", packed(images))).frames) == 5
    with pytest.raises(VideoError, match="more than 300 pixels together"):
        load_clip(("z.zip", packed(images)), limits=ClipLimits(work=300))


def test_a_folder_is_priced_before_it_is_read(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(VideoError, match="2,048 MiB; the limit is 256 MiB"):
        load_clip(tmp_path)


def test_a_text_beginning_with_bm_is_no_picture():
    clip = load_clip(("z.zip", packed({"a.png": png(), "list.txt": b"BMW and more words"})))
    assert len(clip.frames) == 1


def animated(kind: str, **save: object) -> bytes:
    images = [Image.fromarray(frame) for frame in FRAMES]
    out = io.BytesIO()
    images[0].save(out, kind, save_all=True, append_images=images[1:], **save)
    return out.getvalue()


SEEDS = {
    "gif": WHOLE,
    "png": animated("PNG"),
    "webp": animated("WEBP", lossless=True),
    "zip": packed(
        {f"{at}.png": png(f) for at, f in enumerate(FRAMES)}, compression=zipfile.ZIP_DEFLATED
    ),
    "npy": npy(FRAMES),
}


def mutated(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 2, 5))):
        changed[chance.randrange(min(len(changed), chance.choice((40, 2000))))] ^= chance.randrange(
            1, 256
        )
    return bytes(changed[: chance.choice((len(changed), chance.randrange(len(changed))))])


@pytest.mark.parametrize("kind", SEEDS)
def test_mutated_files_are_clips_or_refused(kind):
    chance, refused = random.Random(kind), 0
    for _ in range(120):
        try:
            load_clip((f"clip.{kind}", mutated(SEEDS[kind], chance)))
        except VideoError:
            refused += 1
    assert refused > 5


PEAK = """
import resource, sys
from phenaki_viz.data import load_clip
from phenaki_viz.errors import VideoError
content = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load_clip(("bomb.bin", content))
except VideoError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("what", ["canvas grown by a frame", "40 frames of 4000x4000"])
def test_a_bomb_is_refused_without_its_memory(what):
    done = subprocess.run(
        [sys.executable, "-c", PEAK],
        input=REFUSED[what][0], capture_output=True, check=True, timeout=300,
    )  # fmt: skip
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kB on Linux
    assert int(done.stdout) * unit < 32 * 2**20


def test_frames_are_read_only_and_a_copy():
    clip = load_clip(("c.npy", npy(FRAMES)))
    with pytest.raises(ValueError, match="read-only"):
        clip.frames[0] = 0


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d🚀"])
def test_joiners_that_shape_letters_stay(text):
    assert read_prompt(text).words == (text,)
    assert read_prompt(text).notes == ()


def film(path, *, frames: int = 12, turned: int = 0, suffix: str = "mp4") -> bytes:
    """A film whose left half is white, written to `path`: its index stands before its frames."""
    av = pytest.importorskip("av")
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[:, :24] = 255
    noise = np.random.default_rng(3).integers(0, 150, (frames, 32, 48, 3), np.uint8)
    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    with av.open(str(path / f"film.{suffix}"), "w", options=options) as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        for grain in noise:
            frame = av.VideoFrame.from_ndarray(np.maximum(picture, grain), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return (path / f"film.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_film_cut_off_says_so(tmp_path, suffix):
    whole = film(tmp_path, suffix=suffix)
    assert not any("ends early" in n for n in load_clip((f"f.{suffix}", whole)).notes)
    cut = load_clip((f"f.{suffix}", whole[: len(whole) * 8 // 10]))
    assert len(cut.frames) < 12
    assert any("damaged or ends early" in note for note in cut.notes)


def test_a_film_is_turned_upright(tmp_path):
    clip = load_clip(("f.mp4", film(tmp_path, turned=90)))
    assert clip.frames.shape[1:3] == (48, 32)
    assert clip.frames[0, 30:].mean() > 200 > 90 > clip.frames[0, :18].mean()  # left goes down


def test_all_frames_of_a_film_are_priced(tmp_path):
    with pytest.raises(VideoError, match="12 frames of 48×32: 18,432 pixels"):
        load_clip(("f.mp4", film(tmp_path)), limits=ClipLimits(work=48 * 32 * 3))


def test_a_flat_film_keeps_one_row(tmp_path):
    clip = load_clip(("f.mp4", film(tmp_path)), limits=ClipLimits(side=1))
    assert clip.frames.shape == (12, 1, 1, 3)
