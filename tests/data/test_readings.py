"""Every format × orientation × transparency, axes and values of arrays, and which frames."""

import io
import random
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from phenaki_viz.data import (
    ChoiceError,
    Clip,
    ClipLimits,
    Excerpt,
    Reading,
    clip_from_facts,
    crop_box,
    fit_clip,
    load_clip,
    picked,
    survey_clip,
)
from phenaki_viz.data.arrays import orders_of
from phenaki_viz.errors import VideoError
from tests.data.test_clips import npy, packed
from tests.data.test_damage import mutated

UPRIGHT = np.zeros((24, 16, 3), np.uint8)
UPRIGHT[:8] = 250  # light at the top,
UPRIGHT[8:, :4] = 120  # grey at the left below
# What a camera stores for each tag: the inverse of what a viewer does (Exif 2.32, tag 0x0112).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


def saved(frames: list[np.ndarray], kind: str, tag: int = 1, **how) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = tag
    images = [Image.fromarray(np.ascontiguousarray(frame)) for frame in frames]
    if len(images) > 1:
        how |= {"save_all": True, "append_images": images[1:]}
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 97, "subsampling": 0}}
    how |= lossless.get(kind, {}) | ({} if tag == 1 else {"exif": exif})
    images[0].save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("tag", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("way", ["one", "zip", "film"])
def test_a_picture_is_upright_as_a_viewer_shows_it(tag, kind, way):
    if way == "film" and kind == "JPEG":
        pytest.skip("a JPEG is no film")
    frame = STORED[tag](UPRIGHT)
    if way == "zip":
        content = packed({f"{at}.bin": saved([frame], kind, tag) for at in range(2)})
    else:
        frames = [frame, frame // 2] if way == "film" else [frame]
        content = saved(frames, kind, tag)
    clip = load_clip(("x", content))
    assert clip.frames.shape[1:3] == (24, 16)
    shown = clip.frames[0].astype(int)
    assert abs(shown - UPRIGHT[..., : shown.shape[-1]]).max() < 12
    assert any("orientation tag" in note for note in clip.notes) == (tag != 1)
    assert survey_clip(("x", content)).width == 16


def drawing(ink: int, at: int = 0) -> np.ndarray:
    made = np.zeros((20, 20, 4), np.uint8)
    made[4:12, 4 + at : 9 + at] = (ink, ink, ink, 255)
    made[12:14, 4:9] = (ink, ink, ink, 128)
    return made


ANIMATED = {"GIF": {"disposal": 2}, "WEBP": {}, "PNG": {"disposal": 1}}


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("kind", [*ANIMATED, "zip"])
def test_a_transparent_drawing_stands_out_from_its_ground(kind, ink):
    frames = [drawing(ink, at) for at in range(3)]
    if kind == "zip":
        content = packed({f"{at}.png": saved([f], "PNG") for at, f in enumerate(frames)})
    else:
        content = saved(frames, kind, **ANIMATED[kind])
    ground = 255 - ink
    clip = load_clip(("x", content))
    assert clip.frames[0, 0, 0, 0] == ground and clip.frames[0, 6, 6, 0] == ink
    name = "white" if ground else "black"
    assert f"transparent parts are put on {name}" in clip.notes
    if kind != "GIF":  # a GIF has no half transparency
        assert abs(int(clip.frames[0, 12, 5, 0]) - 127) <= 1
    black = load_clip(("x", content), Reading(ground="black"))
    assert black.frames[0, 0, 0, 0] == 0 and "transparent parts are put on black" in black.notes
    assert survey_clip(("x", content)).clear


def test_a_film_with_an_alpha_channel_says_so_before_it_is_read():
    av = pytest.importorskip("av")
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgra"
        drawing = np.zeros((16, 16, 4), np.uint8)
        drawing[4:12, 4:12] = 255
        frame = av.VideoFrame.from_ndarray(drawing, format="bgra")
        container.mux([*stream.encode(frame), *stream.encode()])
    film = ("x.mkv", out.getvalue())
    assert survey_clip(film).clear
    clip = load_clip(film, Reading(ground="white"))
    assert "transparent parts are put on white" in clip.notes and clip.frames.min() == 255


def test_opaque_pictures_say_nothing_of_transparency():
    opaque = np.dstack((UPRIGHT, np.full((24, 16), 255, np.uint8)))
    for content in (saved([opaque], "PNG"), saved([UPRIGHT] * 2 + [UPRIGHT // 2], "GIF")):
        clip = load_clip(("x", content))
        assert not clip.notes and not survey_clip(("x", content)).clear
        np.testing.assert_array_equal(clip.frames[0], UPRIGHT[..., : clip.frames.shape[-1]])


def test_a_clear_grey_of_a_png_is_transparent_at_eight_and_sixteen_bits():
    for dtype, top in ((np.uint8, 255), (np.uint16, 65535)):
        grey = np.full((9, 9), top, dtype)
        grey[2:5, 2:5] = 0
        out = io.BytesIO()
        Image.fromarray(grey).save(out, "PNG", transparency=0)
        clip = load_clip(("x.png", out.getvalue()), Reading(ground="white"))
        assert clip.frames.min() == 255


# ---- arrays

FILM = np.zeros((9, 48, 64, 3), np.uint8)
FILM[:, 8:24, 10:30] = (255, 128, 0)
FILM[:, 30:40, 40:60] = np.arange(0, 180, 20, dtype=np.uint8)[:, None, None, None]
GREY = FILM[..., 1]
ONE_READING = {
    "t h w c": (FILM, FILM),
    "t c h w": (FILM.transpose(0, 3, 1, 2), FILM),
    "c t h w": (FILM.transpose(3, 0, 1, 2), FILM),
    "h w c t": (FILM.transpose(1, 2, 3, 0), FILM),
    "h w t c": (FILM.transpose(1, 2, 0, 3), FILM),
    "1 c t h w": (FILM.transpose(3, 0, 1, 2)[None], FILM),
    "1 t c h w": (FILM.transpose(0, 3, 1, 2)[None], FILM),
    "1 t h w c": (FILM[None], FILM),
    "t h w": (GREY, GREY[..., None]),
    "h w t": (GREY.transpose(1, 2, 0), GREY[..., None]),
    "t 1 h w": (GREY[:, None], GREY[..., None]),
    "1 t h w": (GREY[None], GREY[..., None]),
    "t h w 1": (GREY[..., None], GREY[..., None]),
    "h w": (GREY[4], GREY[4:5, ..., None]),
    "Fortran": (np.asfortranarray(FILM), FILM),
    "big endian": (FILM.astype(">i4"), FILM),
    "int64": (FILM.astype(np.int64), FILM),
    "float 0..255": (FILM.astype(np.float32), FILM),
    "float 0..1": (FILM / 255, FILM),
    "float -1..1": (FILM / 127.5 - 1, FILM),
    "half 0..1": ((FILM / 255).astype(np.float16), FILM),
    "uint16": (FILM.astype(np.uint16) * 257, FILM),
    "mask": (GREY > 100, np.where(GREY > 100, 255, 0).astype(np.uint8)[..., None]),
    "mask of uint8": ((GREY > 100).astype(np.uint8), np.where(GREY > 100, 255, 0)[..., None]),
}


@pytest.mark.parametrize("what", ONE_READING)
def test_an_array_with_one_reading_is_read_so_and_it_is_said(what):
    array, frames = ONE_READING[what]
    clip = load_clip(("x.npy", npy(array)))
    np.testing.assert_allclose(clip.frames.astype(int), frames, atol=1)
    assert clip.notes[0].startswith("axes read as ") and "48 high × 64 wide" in clip.notes[0]
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    said = any(note.startswith("values from") for note in clip.notes)
    assert said == bool(high <= 1 or high > 255 or low < 0)


TWO_READINGS = {
    "one colour picture, or three frames last": ((48, 64, 3), {"h w c", "h w f"}),
    "one colour picture, or three frames": ((3, 48, 64), {"c h w", "f h w"}),
    "a cube": ((64, 64, 64), {"f h w", "h w f"}),
    "three frames in three colours": ((3, 3, 48, 64), {"f c h w", "c f h w"}),
    "one frame in colour, or three in grey": ((1, 3, 48, 64), {"f c h w", "c f h w"}),
    "a batch of grey films": ((5, 9, 48, 64), {"b f h w", "f b h w"}),
    "four channels in front, or four frames": ((9, 4, 48, 64), {"f c h w", "b f h w", "f b h w"}),
    "a batch of three in colour": ((2, 3, 3, 48, 64), {"b f c h w", "b c f h w"}),
}


@pytest.mark.parametrize("what", TWO_READINGS)
def test_an_array_with_two_readings_is_asked_about(what):
    shape, orders = TWO_READINGS[what]
    assert set(orders_of(shape)) == orders
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for look in (load_clip, survey_clip):
        with pytest.raises(ChoiceError, match="say the order of its axes") as caught:
            look(("x.npy", npy(array)))
        assert caught.value.choice == "axes" and set(caught.value.options) == orders
    for order in orders:
        clip = load_clip(("x.npy", npy(array)), Reading(axes=order))
        sizes = dict(zip(order.split(), shape, strict=True))
        assert clip.frames.shape[:3] == (sizes.get("f", 1), sizes["h"], sizes["w"])


def test_an_item_of_a_batch_is_chosen_and_named():
    batch = np.stack((FILM, 255 - FILM))
    clip = load_clip(("x.npy", npy(batch)), Reading(item=1))
    np.testing.assert_array_equal(clip.frames, 255 - FILM)
    assert "clip 1 of a batch of 2" in clip.notes
    assert survey_clip(("x.npy", npy(batch))).items == 2
    with pytest.raises(VideoError, match="holds 2 clips, counted from 0; there is no 2"):
        load_clip(("x.npy", npy(batch)), Reading(item=2))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("f h w", "does not name them"),
        ("f h h c", "does not name them"),
        ("x h w c", "does not name them"),
        ("c h w f", "has 9 channels"),
    ],
)
def test_axes_that_do_not_name_an_array_are_refused(axes, message):
    with pytest.raises(VideoError, match=message):
        load_clip(("x.npy", npy(FILM)), Reading(axes=axes))


@pytest.mark.parametrize(
    "array", [GREY * 0.01 + 1.7, GREY.astype(float) - 50, GREY.astype(np.uint16) * 16]
)
def test_values_that_say_nothing_of_black_and_white_are_asked_about(array):
    with pytest.raises(ChoiceError, match="what is black and what is white") as caught:
        load_clip(("x.npy", npy(array)))
    assert caught.value.choice == "values"
    low, high = float(array.min()), float(array.max())
    clip = load_clip(("x.npy", npy(array)), Reading(values=(low, high)))
    assert clip.frames.min() == 0 and clip.frames.max() == 255
    upside_down = load_clip(("x.npy", npy(array)), Reading(values=(high, low)))
    np.testing.assert_allclose(upside_down.frames, 255 - clip.frames.astype(int), atol=1)


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_an_npz_is_its_one_film_or_the_one_that_is_chosen():
    clip = load_clip(("x.npz", npz(video=FILM, labels=np.arange(9), score=np.float32(1))))
    np.testing.assert_array_equal(clip.frames, FILM)
    assert "2 files are of no kind that is read here" in clip.notes[0]
    two = npz(train=FILM, test=255 - FILM)
    assert survey_clip(("x.npz", two)).parts == ("test.npy", "train.npy")
    chosen = load_clip(("x.npz", two), Reading(part="train.npy"))
    np.testing.assert_array_equal(chosen.frames, FILM)
    assert "read is 'train.npy', one of 2 films in the file" in chosen.notes
    with pytest.raises(ChoiceError, match=r"no part 'dev'; there are 'test\.npy', 'train"):
        load_clip(("x.npz", two), Reading(part="dev"))


def test_objects_in_an_npz_are_refused_unread():
    with pytest.raises(VideoError, match="arrays of objects are refused"):
        load_clip(("x.npz", npz(video=np.array([{}] * 3, object))))


# ---- GIFs and their kin


def test_merged_frames_count_as_often_as_they_are_held():
    steps = [UPRIGHT, UPRIGHT, UPRIGHT // 2, UPRIGHT // 2, UPRIGHT // 3]
    for kind in ("GIF", "WEBP", "PNG"):
        content = saved(steps, kind, duration=120)
        clip = load_clip(("x", content))
        np.testing.assert_array_equal(clip.frames, np.stack(steps)[..., : clip.frames.shape[-1]])
        assert clip.excerpt == Excerpt(of=5, rate=pytest.approx(1000 / 120))
        assert "2 of the 3 frames in the file are held several times" in clip.notes[0]
        once = load_clip(("x", content), Reading(held=False))
        assert len(once.frames) == 3 and "120 to 240 ms; each counts once" in once.notes[0]
        late = load_clip(("x", content), Reading(start=1, stride=2))
        np.testing.assert_array_equal(late.frames, clip.frames[1::2])


def test_times_that_are_no_multiples_are_said():
    steps = [UPRIGHT, UPRIGHT // 2, UPRIGHT // 3]
    clip = load_clip(("x.gif", saved(steps, "GIF", duration=[70, 100, 90])))
    assert len(clip.frames) == 3 and clip.excerpt.rate is None
    assert clip.notes == ("frames are held for 70 to 100 ms; each counts once",)


def test_a_frame_held_for_ever_costs_nothing():
    long = saved([UPRIGHT, UPRIGHT // 2], "GIF", duration=[10, 655_350])
    survey = survey_clip(("x.gif", long))
    assert survey.frames == 1 + 65_535 and survey.merged
    assert len(load_clip(("x.gif", long), Reading(start=60_000)).frames) == 129


def test_the_still_of_an_apng_is_no_frame():
    steps = [UPRIGHT // 4, UPRIGHT, UPRIGHT // 2]
    clip = load_clip(("x.png", saved(steps, "PNG", default_image=True, duration=50)))
    np.testing.assert_array_equal(clip.frames, np.stack(steps[1:])[..., : clip.frames.shape[-1]])
    assert "its still picture is no part of the film and was left out" in clip.notes


def test_a_phone_picture_with_a_preview_is_one_frame():
    out = io.BytesIO()
    images = [Image.fromarray(UPRIGHT), Image.fromarray(UPRIGHT[::2, ::2])]
    images[0].save(out, "MPO", save_all=True, append_images=images[1:])
    assert load_clip(("x.jpg", out.getvalue())).frames.shape == (1, 24, 16, 1)


# ---- films


def film(kind: str, codec: str, frames: int = 12, *, pixel: str = "yuv420p", **how) -> bytes:
    """A film whose frame number k is 16 k bright, with a white stripe at the left."""
    av = pytest.importorskip("av")
    out = io.BytesIO()
    with av.open(out, "w", format=kind, options=how.pop("options", {})) as container:
        stream = container.add_stream(codec, rate=25, options=how.get("encoder", {}))
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixel
        if "turned" in how:
            stream.set_display_rotation(how["turned"], **how.get("mirrored", {}))
        if "aspect" in how:
            stream.sample_aspect_ratio = how["aspect"]
        for at in range(frames):
            picture = np.full((48, 64, 3), 16 * (at % 14), np.uint8)
            picture[:, :16] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


KINDS = {
    "KTH, UCF-101: AVI": ("avi", "mpeg4", "yuv420p"),
    "cameras: AVI": ("avi", "mjpeg", "yuvj420p"),
    "lossless AVI": ("avi", "ffv1", "yuv420p"),
    "raw AVI": ("avi", "rawvideo", "yuv420p"),
    "UCF11: MPEG-PS": ("mpeg", "mpeg2video", "yuv420p"),
    "MPEG-1": ("mpeg1video", "mpeg1video", "yuv420p"),
    "MPEG-TS": ("mpegts", "libx264", "yuv420p"),
    "MP4": ("mp4", "libx264", "yuv420p"),
    "MOV": ("mov", "mjpeg", "yuvj420p"),
    "MKV": ("matroska", "libx264", "yuv420p"),
    "WebM": ("webm", "libvpx-vp9", "yuv420p"),
    "FLV": ("flv", "flv", "yuv420p"),
    "WMV": ("asf", "wmv2", "yuv420p"),
}


def brightness(clip: Clip) -> list[int]:
    """The numbers of the frames."""
    return np.rint(clip.frames[:, :, 24:].mean(axis=(1, 2, 3)) / 16).astype(int).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_films_of_every_kind_are_read_frame_by_frame(kind):
    content = film(*KINDS[kind][:2], pixel=KINDS[kind][2])
    clip = load_clip(("x", content))
    assert clip.frames.shape[:3] == (12, 48, 64) and brightness(clip) == list(range(12))
    assert clip.notes == () and clip.excerpt.of == 12
    late = load_clip(("x", content), Reading(start=3, stride=4))
    assert brightness(late) == [3, 7, 11]
    assert late.excerpt.start == 3 and late.excerpt.stride == 4


@pytest.mark.parametrize("kind", ["MP4", "MKV", "KTH, UCF-101: AVI"])
def test_frames_far_into_a_film_cost_only_the_way_from_their_key_frame(kind):
    how = {"encoder": {"g": "10", "sc_threshold": "0", "x264-params": "keyint=10:scenecut=0"}}
    content = film(*KINDS[kind][:2], frames=90, **how)
    tight = ClipLimits(work=64 * 48 * 25)
    clip = load_clip(("x", content), Reading(start=75, stride=2, frames=5), limits=tight)
    assert brightness(clip) == [at % 14 for at in (75, 77, 79, 81, 83)]
    assert clip.excerpt.spoken(5) == "frames 75–83 of 90, every 2nd, 12.5 a second (25 in the file)"
    jumps = load_clip(("x", content), Reading(start=5, stride=40), limits=tight)
    assert brightness(jumps) == [5, 45 % 14, 85 % 14]
    with pytest.raises(VideoError, match="to decode, the limit is"):
        load_clip(("x", content), limits=tight)


@pytest.mark.parametrize(
    ("turned", "mirrored", "bright"),
    [
        (0, {}, "left"),
        (90, {}, "bottom"),
        (180, {}, "right"),
        (-90, {}, "top"),
        (0, {"hflip": True}, "right"),
        (90, {"vflip": True}, "top"),
    ],
)
def test_a_film_is_shown_as_its_matrix_says(turned, mirrored, bright):
    try:
        content = film("mp4", "libx264", 3, turned=turned, mirrored=mirrored)
    except TypeError:
        pytest.skip("this PyAV writes no mirrored films")
    clip = load_clip(("x.mp4", content))
    frame = clip.frames[1].mean(axis=-1)
    edges = {"left": frame[:, :4], "right": frame[:, -4:], "top": frame[:4], "bottom": frame[-4:]}
    assert max(edges, key=lambda edge: edges[edge].mean()) == bright
    assert any("as the film says" in note for note in clip.notes) == bool(turned or mirrored)


def test_pixels_that_are_not_square_are_made_so():
    content = film("mp4", "libx264", 3, aspect=3)
    clip = load_clip(("x.mp4", content))
    assert clip.frames.shape[1:3] == (48, 192)
    assert "its pixels are 3 times as wide as high; they were made square" in clip.notes


def test_a_cut_off_avi_says_so():
    content = film("avi", "mjpeg", pixel="yuvj420p")
    clip = load_clip(("x.avi", content[: len(content) * 6 // 10]))
    assert 0 < len(clip.frames) < 12
    assert any("damaged or ends early" in note for note in clip.notes)


def test_a_zip_of_films_is_its_first_or_the_one_that_is_chosen():
    films = {"b/10.avi": film("avi", "mpeg4", 3), "b/9.mp4": film("mp4", "libx264", 5)}
    content = packed(films | {"readme.txt": b"words"})
    survey = survey_clip(("x.zip", content))
    assert survey.parts == ("b/9.mp4", "b/10.avi") and survey.part == "b/9.mp4"
    assert len(load_clip(("x.zip", content)).frames) == 5
    clip = load_clip(("x.zip", content), Reading(part="b/10.avi"))
    assert len(clip.frames) == 3
    assert "read is 'b/10.avi', one of 2 films in the file" in clip.notes


def test_pictures_beside_a_film_are_a_film_of_their_own(tmp_path):
    for at in (9, 10, 11):
        (tmp_path / f"{at}.png").write_bytes(saved([UPRIGHT // at], "PNG"))
    (tmp_path / "a.gif").write_bytes(saved([UPRIGHT, UPRIGHT // 2], "GIF"))
    clip = load_clip(tmp_path)
    assert [frame.max() for frame in clip.frames] == [250 // at for at in (9, 10, 11)]
    assert survey_clip(tmp_path).parts == ("3 pictures", "a.gif")
    assert len(load_clip(tmp_path, Reading(part="a.gif")).frames) == 2


def test_a_zip_of_films_without_pyav_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    content = packed({"a.avi": b"RIFF" + struct.pack("<I", 60) + b"AVI " + bytes(60)})
    with pytest.raises(VideoError, match=r"a.avi is a film; .*pip install 'phenaki-viz\[video\]'"):
        load_clip(("x.zip", content))


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_heic_picture_is_named_as_what_it_is(brand):
    with pytest.raises(VideoError, match="is a HEIC or AVIF picture"):
        load_clip(("IMG_1.HEIC", b"\0\0\0\x18ftyp" + brand + bytes(50)))


# ---- which frames, which part


def numbered(frames: int = 48) -> Clip:
    made = np.zeros((frames, 20, 40, 1), np.uint8)
    made += np.arange(frames, dtype=np.uint8)[:, None, None, None]
    made[:, :, :10] = 200
    return Clip(made, "numbered")


@pytest.mark.parametrize(
    ("start", "stride", "frames", "said"),
    [
        (0, 1, 48, "all 48 frames"),
        (0, 1, 9, "frames 0–8 of 48"),
        (5, 3, 9, "frames 5–29 of 48, every 3rd"),
        (47, 1, 1, "frame 47 of 48"),
        (1, 11, 2, "frames 1–12 of 48, every 11th"),
    ],
)
def test_the_frames_taken_are_the_frames_said(start, stride, frames, said):
    wanted = list(range(start, start + stride * frames, stride))
    fitted = fit_clip(numbered(), height=20, width=40, frames=frames, start=start, stride=stride)
    assert fitted.frames[:, 0, 20, 0].tolist() == wanted
    assert fitted.excerpt.spoken(frames) == said
    assert fitted.notes == (() if frames == 48 else (said,))
    twice = picked(numbered(), start=start, stride=stride)
    again = fit_clip(twice, height=20, width=40, frames=frames)
    assert again == fitted and again.frames[:, 0, 20, 0].tolist() == wanted


def test_excerpts_of_excerpts_count_in_the_film():
    inner = picked(picked(numbered(), start=4, stride=2), start=3, stride=5)
    assert inner.excerpt == Excerpt(of=48, start=10, stride=10)
    assert inner.frames[:, 0, 20, 0].tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize(
    ("crop", "lit", "where"),
    [
        ((0.0, 0.5), 10, "at the left"),
        ((0.5, 0.0), 0, "at the centre"),
        ((1.0, 0.5), 0, "at the right"),
        ((0.25, 0.5), 5, "25% from the left"),
    ],
)
def test_the_crop_is_where_it_is_said_to_be(crop, lit, where):
    clip = Clip(numbered().frames, "numbered", crop=crop)
    fitted = fit_clip(clip, height=20, width=20, frames=48)
    assert int((fitted.frames[0, 0] == 200).sum()) == lit
    assert fitted.notes == (f"40×20 cropped to 20×20, {where}",)


def test_a_crop_box_lies_within_and_the_centre_is_as_before():
    for w, h, width, height in ((7, 5, 3, 3), (64, 48, 1, 1), (9, 90, 16, 9), (5, 5, 5, 5)):
        for crop in ((0, 0), (0.5, 0.5), (1, 1), (0.3, 0.9)):
            left, top, wide, high = crop_box(w, h, width, height, crop)
            assert 0 <= left <= w - wide and 0 <= top <= h - high
        left, top, wide, high = crop_box(w, h, width, height)
        assert (left, top) == ((w - wide) // 2, (h - high) // 2)


def test_what_a_recording_keeps_of_a_clip_reads_back():
    fitted = fit_clip(numbered(), height=10, width=10, frames=3, start=4, stride=5)
    back = clip_from_facts(fitted.frames, fitted.name, fitted.facts)
    assert back == fitted and back.excerpt == Excerpt(of=48, start=4, stride=5)
    assert clip_from_facts(fitted.frames, "old", {}).notes == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"clip_notes": "words"},
        {"clip_notes": [1]},
        {"clip_frames": {"of": 0, "start": 0, "stride": 1, "rate": None}},
        {"clip_frames": {"of": 1e400, "start": 0, "stride": 1, "rate": None}},
        {"clip_frames": []},
        {"clip_crop": [2, 0]},
        {"clip_crop": "x"},
    ],
)
def test_facts_that_are_none_are_refused(facts):
    with pytest.raises(VideoError):
        clip_from_facts(numbered().frames, "x", facts)


@pytest.mark.parametrize(
    "fields",
    [
        {"start": -1}, {"stride": 0}, {"frames": 0}, {"item": -1}, {"start": 1.5}, {"stride": True},
        {"ground": "pink"}, {"values": (1, 1)}, {"values": (float("nan"), 1)}, {"start": 10**10},
    ],
)  # fmt: skip
def test_a_reading_that_cannot_be_is_refused_at_once(fields):
    with pytest.raises(VideoError):
        Reading(**fields)


def test_a_start_past_the_end_is_named():
    content = saved([UPRIGHT, UPRIGHT // 2], "GIF")
    with pytest.raises(VideoError, match="has 2 frames, counted from 0; frame 2 is past its end"):
        load_clip(("x.gif", content), Reading(start=2))


# ---- damage


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's, of a picture that opens
@pytest.mark.parametrize("kind", ["avi", "mp4", "mkv", "mpeg", "npz", "jpeg"])
def test_mutated_films_and_arrays_are_clips_or_refused(kind):
    whole = {
        "avi": lambda: film("avi", "mpeg4", 6),
        "mp4": lambda: film("mp4", "libx264", 6),
        "mkv": lambda: film("matroska", "libx264", 6),
        "mpeg": lambda: film("mpeg", "mpeg2video", 6),
        "npz": lambda: npz(a=FILM[:2], b=GREY),
        "jpeg": lambda: saved([UPRIGHT], "JPEG", 6),
    }[kind]()
    chance, refused = random.Random(kind), 0
    for _ in range(60):
        try:
            clip = load_clip((f"x.{kind}", mutated(whole, chance)), Reading(stride=2))
            assert clip.frames.size
        except VideoError as error:
            refused += 1
            assert str(error).startswith(f"x.{kind}")
    assert refused
