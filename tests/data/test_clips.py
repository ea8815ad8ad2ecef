"""Clips in, and what is no clip refused, each with its message."""

import io
import struct
import sys
import zipfile
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from phenaki_viz.data import (
    Clip,
    ClipLimits,
    Excerpt,
    as_rgb,
    fit_clip,
    load_clip,
    sample_clip,
    to_tensor,
)
from phenaki_viz.errors import VideoError
from phenaki_viz.models import grid_of

FRAMES = np.random.default_rng(0).integers(0, 256, (5, 7, 11), np.uint8)


def gif(frames=FRAMES, **save) -> bytes:
    images = [Image.fromarray(frame) for frame in frames]
    out = io.BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], optimize=False, **save)
    return out.getvalue()


def png(frame=FRAMES[0]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "PNG")
    return out.getvalue()


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def packed(files: dict[str, bytes], **how) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_grey_gif_reads_back_exactly():
    clip = load_clip(("clip.gif", gif()))
    np.testing.assert_array_equal(clip.frames[..., 0], FRAMES)
    assert clip.frames.shape == (5, 7, 11, 1)
    assert clip.notes == ()  # nothing was changed, so nothing is said


def test_paths_folders_and_zips_give_the_same_frames(tmp_path):
    for at, frame in enumerate(FRAMES):
        (tmp_path / f"frame{at + 7}.png").write_bytes(png(frame))
    (tmp_path / "notes.txt").write_text("not an image")
    folder = load_clip(tmp_path)
    np.testing.assert_array_equal(folder.frames[..., 0], FRAMES)  # frame10 after frame9
    assert folder.notes == (
        "1 files are of no kind that is read here and were left out: 'notes.txt'",
    )
    files = {f"a/frame{at + 7}.png": png(frame) for at, frame in enumerate(FRAMES)}
    archive = load_clip(("clip.zip", packed(files)))
    assert archive.digest == folder.digest


def test_colour_stays_colour_and_grey_stays_grey():
    colour = np.random.default_rng(1).integers(0, 256, (3, 5, 7, 3), np.uint8)
    clip = load_clip(("c.npy", npy(colour)))
    np.testing.assert_array_equal(clip.frames, colour)
    grey = load_clip(("g.npy", npy(np.repeat(FRAMES[..., None], 3, axis=-1))))
    assert grey.frames.shape[-1] == 1
    assert as_rgb(grey).shape == (5, 7, 11, 3)


def test_floats_from_0_to_1_become_bytes():
    clip = load_clip(("f.npy", npy(FRAMES.astype(np.float32) / 255)))
    np.testing.assert_array_equal(clip.frames[..., 0], FRAMES)


def bomb_gif() -> bytes:
    """43 bytes that promise a canvas of 9000 × 9000."""
    return (
        b"GIF89a" + struct.pack("<HH", 9000, 9000) + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff"
        b"\x21\xf9\x04\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )


def encrypted_zip() -> bytes:
    content = bytearray(packed({"a.png": png()}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


REFUSED = {
    "empty": (b"", "is empty (0 bytes)"),
    "text": (b"these are only words", "is no clip that can be read here; accepted: GIF"),
    "gif header only": (gif()[:20], "damaged and has no frame"),
    "huge canvas": (bomb_gif(), "frames of 9000×9000 pixels; at most"),
    "zip without images": (packed({"a.txt": b"hello"}), "holds no image"),
    "empty zip": (packed({}), "no clip that can be read"),
    "encrypted zip": (encrypted_zip(), "encrypted ZIP file"),
    "nested zip": (packed({"b.zip": packed({"a.png": png()})}), "holds no image"),
    "zip of two sizes": (
        packed({"a.png": png(), "b.png": png(FRAMES[0, :5])}),
        "images of different sizes (11×5, 11×7)",
    ),
    "truncated zip": (packed({"a.png": png()})[:-30], "damaged ZIP file"),
    "pickled array": (npy(np.array([{}], object)), "arrays of objects are refused"),
    "flat array": (npy(np.zeros(9, np.uint8)), "has shape (9,); expected frames × height"),
    "five channels": (npy(np.zeros((9, 48, 64, 5), np.uint8)), "with 1 or 3 channels"),
    "no frames": (npy(np.zeros((0, 3, 4), np.uint8)), "has shape (0, 3, 4)"),
    "NaN": (npy(np.full((2, 3, 4), np.nan)), "NaN or infinite"),
    "range": (npy(np.full((2, 30, 40), 7.5)), "float64 from 7.5 to 7.5, and what is black"),
    "complex": (npy(np.zeros((2, 30, 40), complex)), "holds complex128; expected whole numbers"),
    "corrupt film": (b"\0\0\0\x18ftypmp42" + bytes(50), "cannot be decoded"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_clip_is_refused_in_words(what):
    content, message = REFUSED[what]
    with pytest.raises(VideoError) as caught:
        load_clip((f"{what}.gif", content))
    assert message in str(caught.value)
    assert what in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(VideoError, match=r"nothing\.gif does not exist"):
        load_clip(tmp_path / "nothing.gif")


def test_a_png_named_gif_is_what_it_is():
    assert load_clip(("still.gif", png())).frames.shape == (1, 7, 11, 1)


def test_a_truncated_gif_loads_what_there_is_and_says_so():
    whole = gif()
    clip = load_clip(("cut.gif", whole[: len(whole) * 3 // 5]))
    assert 1 <= len(clip.frames) < 5
    np.testing.assert_array_equal(clip.frames[0, ..., 0], FRAMES[0])
    assert any("ends early" in note for note in clip.notes)


def test_many_huge_frames_are_refused_before_they_are_decoded():
    blank = Image.new("L", (4000, 4000))
    out = io.BytesIO()
    blank.save(out, "GIF", save_all=True, append_images=[Image.new("L", (4000, 4000), 9)])
    assert len(out.getvalue()) < 2**17
    one_frame_fits = ClipLimits(work=4000 * 4000)
    with pytest.raises(VideoError, match=r"has 2 frames of 4000×4000: 32,000,000 pixels to"):
        load_clip(("big.gif", out.getvalue()), limits=one_frame_fits)


def test_a_zip_bomb_is_refused_by_its_declared_size():
    content = packed({"a.png": bytes(3 * 2**20)}, compression=zipfile.ZIP_DEFLATED)
    assert len(content) < 2**14
    with pytest.raises(VideoError, match="the limit is 2 MiB"):
        load_clip(("bomb.zip", content), limits=ClipLimits(file_bytes=2 * 2**20))


def test_a_png_bomb_is_refused_by_its_header():
    ihdr = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + ihdr
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    content += struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 0) + b"IEND\xaeB`\x82"
    with pytest.raises(VideoError):
        load_clip(("bomb.png", content))


def test_frames_over_the_cap_are_cut_and_counted():
    clip = load_clip(("long.gif", gif()), limits=ClipLimits(frames=3))
    assert len(clip.frames) == 3
    assert clip.excerpt == Excerpt(of=5)
    assert clip.excerpt.spoken(3) == "frames 0–2 of 5"


def test_large_frames_are_shrunk_as_they_come():
    clip = load_clip(("wide.npy", npy(np.zeros((2, 30, 90), np.uint8))), limits=ClipLimits(side=45))
    assert clip.frames.shape == (2, 15, 45, 1)


def film(frames: np.ndarray) -> bytes:
    av = pytest.importorskip("av")
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def test_a_film_is_read_through_pyav():
    frames = np.zeros((6, 32, 48, 3), np.uint8)
    frames[:, :, :, 0] = np.linspace(0, 250, 48)
    clip = load_clip(("film.mp4", film(frames)))
    assert clip.frames.shape == (6, 32, 48, 3)
    assert np.abs(clip.frames.astype(int) - frames).mean() < 12


def test_a_film_without_pyav_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(VideoError, match=r"needs PyAV: pip install 'phenaki-viz\[video\]'"):
        load_clip(("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(50)))


def test_fitting_is_said():
    clip = Clip(np.random.default_rng(2).integers(0, 256, (9, 48, 64, 1), np.uint8), "clip")
    fitted = fit_clip(clip, height=32, width=32, frames=5, start=2)
    assert fitted.frames.shape == (5, 32, 32, 1)
    assert fitted.notes == (
        "frames 2–6 of 9",
        "64×48 cropped to 48×48, at the centre",
        "48×48 resized to 32×32",
    )
    same = fit_clip(clip, height=48, width=64, frames=9)
    assert same.notes == () and same.digest == clip.digest


def test_too_few_frames_and_counts_that_do_not_fit():
    clip = Clip(FRAMES[..., None], "clip.gif")
    with pytest.raises(VideoError, match=r"clip.gif has 5 frames; 9 from frame 0 are asked"):
        fit_clip(clip, height=8, width=8, frames=9)
    with pytest.raises(ValueError, match="use 9 or 11"):
        grid_of(10, 16, 16, 8, 2)


def test_the_model_gets_floats_in_order():
    clip = Clip(np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1), "clip")
    video = to_tensor(clip, channels=3)
    assert video.shape == (1, 3, 2, 3, 4) and video.dtype == torch.float32
    assert video[0, 2, 1, 2, 3] == pytest.approx(23 / 255)
    assert to_tensor(clip, channels=1).shape == (1, 1, 2, 3, 4)
    with pytest.raises(VideoError, match="1 or 3 channels, got 2"):
        to_tensor(clip, channels=2)


def test_a_clip_that_is_no_clip():
    with pytest.raises(VideoError, match="must be uint8"):
        Clip(np.zeros((1, 2, 3, 4), np.float32), "x")
    with pytest.raises(VideoError, match="has no frames"):
        Clip(np.zeros((0, 2, 3, 1), np.uint8), "x")


def test_samples_are_there_and_unknown_ones_are_named():
    clip = sample_clip()
    assert clip.frames.shape == (17, 128, 128, 1)
    assert sample_clip("one_digit").digest != clip.digest
    with pytest.raises(VideoError, match="no sample clip 'nothing'"):
        sample_clip("nothing")
