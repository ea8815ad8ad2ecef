"""An atlas: its rows are what is measured directly, and no run loses or doubles one."""

import shutil
import threading
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from phenaki_viz.analysis import head_table as tables
from phenaki_viz.analysis.head_columns import COLUMNS, columns_of, half_width, names_of, value
from phenaki_viz.atlas.files import KEY, read_header, read_part
from phenaki_viz.atlas.job import Settings, part_of, settings_from
from phenaki_viz.atlas.making import make_atlas, plan
from phenaki_viz.atlas.reading import read_atlas
from phenaki_viz.atlas.sources import clips_of, loaded
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.errors import AtlasError, ConfigError
from phenaki_viz.evaluation.effects import sweep
from phenaki_viz.evaluation.head_clips import table_over_clips
from phenaki_viz.evaluation.trials import trials
from phenaki_viz.figures.head_sentences import row_sentence, table_heading, taken_over
from phenaki_viz.figures.head_table_views import heads_table
from phenaki_viz.runs.model import RunOptions
from tests.atlas.corpus import PER_PART, clips, contents, job_of, made, sources, weights


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return tmp_path_factory.mktemp("atlas")


@pytest.fixture(scope="module")
def model(room):
    return weights(room)


@pytest.fixture(scope="module")
def corpus(room):
    return clips(room / "clips")


@pytest.fixture(scope="module")
def whole(room, model, corpus):
    """The job, and the report of a run with the sweep over all clips."""
    job = job_of(model, room / "whole", masks=2)
    return job, *made(job, corpus)


@pytest.fixture(scope="module")
def atlas(whole):
    return read_atlas(Path(whole[0].out))


def good(corpus):
    return [loaded(clip) for clip in sources(corpus) if clip.name != "a_broken.gif"]


def test_merged_parts_are_what_is_measured_directly(atlas, model, corpus):
    direct = table_over_clips(open_checkpoint(model).model, good(corpus), RunOptions())
    assert [row.identity for row in atlas.table] == [row.identity for row in direct]
    assert atlas.clips == atlas.table.clips == direct.clips == 5
    assert columns_of(atlas.table) == columns_of(direct)
    for mine, wanted in zip(atlas.table, direct, strict=True):
        for column in COLUMNS:
            for of in (value, half_width):
                assert of(mine, column) == pytest.approx(of(wanted, column), 1e-9, 1e-9, True)
        assert names_of(mine) == names_of(wanted)
        assert row_sentence(mine) == row_sentence(wanted)
        assert mine.facts.deviation("entropy") == pytest.approx(wanted.facts.deviation("entropy"))
        assert mine.facts.words.keys() == wanted.facts.words.keys()
        assert mine.facts.reads.keys() == wanted.facts.reads.keys()
        for name, read in wanted.facts.reads.items():
            assert astuple(mine.facts.reads[name]) == pytest.approx(astuple(read))
    assert any(row.facts.reads for row in direct), "some head reads a word where there is something"
    assert taken_over(atlas.table) == taken_over(direct)
    assert table_heading(atlas.table) == table_heading(direct)
    assert any(row.facts.words for row in direct)


def test_an_atlas_of_one_long_clip_says_what_is_said_of_the_clip(
    model, corpus, tmp_path, monkeypatch
):
    for name in ("LONG", "FEW_KEYS", "MOST_QUERIES"):
        monkeypatch.setattr(tables, name, 3)
    job, clips = job_of(model, tmp_path), sources(corpus)[:1]
    make_atlas(plan(job, clips))
    merged = read_atlas(tmp_path).table
    direct = table_over_clips(
        open_checkpoint(model).model, [loaded(one) for one in clips], RunOptions()
    )
    said = [row_sentence(row) for row in direct]
    assert [row_sentence(row) for row in merged] == said and "estimated from 9 of 12" in said[0]
    assert taken_over(merged) == taken_over(direct)


def test_the_worth_of_heads_is_that_of_every_clip_alone(atlas, model, corpus):
    opened = open_checkpoint(model).model
    each = [sweep(opened, trials(opened, [clip], masks=2)) for clip in good(corpus)]
    assert len(atlas.effects) == len(each[0]) > 0
    for at, mine in enumerate(atlas.effects):
        assert (mine.module, mine.head) == (each[0][at].module, each[0][at].head)
        for field in ("rises", "moved", "divergence"):
            wanted = [getattr(one[at], field).mean() for one in each]
            found = np.sort(getattr(mine, field))  # a number a clip, in the order of the files
            np.testing.assert_allclose(found, np.sort(wanted), rtol=1e-12)
    table = heads_table(atlas.table, atlas.provenance, effects=atlas.effects)
    assert {"effect", "effect_half"} <= {column.name for column in table.columns}


def test_generated_clips_know_where_their_digits_are(atlas):
    rows = [row for row in atlas.table if row.stack == "maskgit.transformer" and row.kind == "self"]
    assert rows and all(np.isnan(value(row, "follows")) for row in rows), "resized: not known"
    clip, prompt = loaded(clips_of(["generated:1?seed=7&first=24"])[0])
    assert prompt.text == "two moving right quickly" and clip.frames.shape == (9, 48, 48, 1)


def test_a_broken_clip_is_a_row_with_its_error_and_not_the_end(whole, atlas):
    _, _, report = whole
    ((name, why),) = report.errors
    assert name == "a_broken.gif" and "a_broken.gif" in why
    assert report.progress.failed == 1 and report.progress.clips == 6 and not report.lost
    assert atlas.failed == (("a_broken.gif", why),) and atlas.all_failed == 1


def test_what_was_done_to_a_clip_stands_in_its_rows(model, tmp_path):
    """A film that ends early, frames that are cut, words that are not known: told of each clip."""
    damaged, wide = tmp_path / "damaged.gif", tmp_path / "wide.npy"
    film = [Image.fromarray(np.full((16, 16), 30 * at, np.uint8)) for at in range(8)]
    film[0].save(damaged, save_all=True, append_images=film[1:])
    damaged.write_bytes(damaged.read_bytes()[:-30])
    np.save(wide, np.zeros((5, 16, 20, 1), np.uint8))
    job, given = job_of(model, tmp_path / "out"), clips_of([str(damaged), str(wide)])
    (part,) = plan(job, given).parts
    make_atlas(plan(job, given))
    _, table = read_part(Path(job.out, part.name))
    found = {row["clip"]: row["notes"] for row in table.select(["clip", "notes"]).to_pylist()}
    assert any("the file is damaged or ends early" in one for one in found["damaged.gif"])
    assert any("20×16 cropped to 16×16" in one for one in found["wide.npy"])
    assert all("no words: all cross-attention goes to" in notes[-1] for notes in found.values())


def test_what_is_there_is_not_made_again_and_what_was_removed_is(whole, corpus, tmp_path):
    job = replace(whole[0], out=str(tmp_path / "again"))
    shutil.copytree(whole[0].out, job.out)
    before = contents(job.out)
    assert plan(job, sources(corpus), PER_PART).parts == ()
    gone = sorted(before)[1]
    Path(job.out, gone).unlink()
    planned, report = made(job, corpus)
    assert [part.name for part in planned.parts] == [gone]
    assert report.progress.clips == 2
    assert contents(job.out) == before


def test_parts_with_other_borders_stay_and_no_clip_counts_twice(whole, corpus, atlas, tmp_path):
    job = replace(whole[0], out=str(tmp_path / "borders"))
    shutil.copytree(whole[0].out, job.out)
    found = sources(corpus)
    Path(job.out, part_of(job.settings, found[:2]).name).unlink()
    planned = plan(job, found, 3)
    assert [part.clips for part in planned.parts] == [found[:2]]
    doubled = make_atlas(plan(replace(job, out=str(tmp_path / "other")), found, 3))
    assert doubled.progress.clips == 6
    for path in (tmp_path / "other").iterdir():
        shutil.copy(path, job.out)
    again = read_atlas(Path(job.out))
    assert again.parts == 4 and again.clips == atlas.clips == 5 and again.all_failed == 1
    for mine, wanted in zip(again.table, sorted_like(atlas.table, again.table), strict=True):
        assert value(mine, "entropy") == pytest.approx(value(wanted, "entropy"))
        assert mine.facts.queries == wanted.facts.queries


def sorted_like(table, other):
    by_identity = {row.identity: row for row in table}
    return [by_identity[row.identity] for row in other]


def test_two_runs_at_once_in_one_folder_make_the_same_rows(whole, corpus, tmp_path):
    job = replace(whole[0], out=str(tmp_path / "both"))
    planned, failures = plan(job, sources(corpus), PER_PART), []

    def go():
        try:
            make_atlas(planned)
        except Exception as error:
            failures.append(error)

    runs = [threading.Thread(target=go) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(300)
    assert not failures and not any(run.is_alive() for run in runs)
    assert contents(job.out) == contents(whole[0].out)


def test_what_a_killed_run_left_half_written_is_removed(whole, corpus, tmp_path):
    job = replace(whole[0], out=str(tmp_path))
    (tmp_path / ".phenaki_viz-0123456789abcdef.part").write_bytes(b"half")
    plan(job, sources(corpus), PER_PART)
    assert contents(tmp_path) == {}


def test_other_weights_and_other_settings_are_refused_in_words(whole, room, model, corpus):
    out = Path(whole[0].out)
    other = job_of(weights(room, 1), out, masks=2)
    with pytest.raises(AtlasError, match=r"made of other weights: .* give another folder, or the"):
        plan(other, sources(corpus), PER_PART)
    with pytest.raises(AtlasError, match=r"masked share \(--masked\): 0.5 there, 0.7 now"):
        plan(job_of(model, out, masks=2, share=0.7), sources(corpus), PER_PART)
    before = contents(out)
    assert len(before) == 3


def test_weights_that_change_while_a_run_is_under_way_end_it(model, room, corpus, tmp_path):
    job = job_of(model, tmp_path / "out")
    planned = plan(job, sources(corpus), PER_PART)
    moved = replace(planned, job=replace(job, weights=str(weights(room, 2))))
    with pytest.raises(AtlasError, match="has changed since the run began"):
        make_atlas(moved)


def test_chosen_measures_alone_are_kept_and_heads_keep_their_names(atlas, model, tmp_path, corpus):
    job = job_of(model, tmp_path / "few", measures=("entropy", "itself"), kind="self")
    planned, _ = made(job, corpus)
    few = read_atlas(Path(job.out))
    assert columns_of(few.table) == ("entropy", "itself") and not few.effects
    wanted = [row for row in atlas.table if row.kind == "self"]
    for mine, row in zip(few.table, sorted_like(wanted, few.table), strict=True):
        assert names_of(mine) == names_of(row)
        assert value(mine, "entropy") == pytest.approx(value(row, "entropy"))
    columns = pq.read_schema(Path(job.out, planned.parts[0].name)).names
    assert "itself" in columns and "follows" not in columns
    with pytest.raises(ConfigError, match="'entropi' is no measure: choose of entropy"):
        Settings(weights_digest="", measures=("entropi",))


# ---- files of strangers


@pytest.fixture
def part(whole, tmp_path):
    name = whole[1].parts[0].name
    return Path(shutil.copy(Path(whole[0].out, name), tmp_path / name))


def test_a_part_says_what_made_it(whole, part):
    header = read_header(part)
    assert header.settings == whole[0].settings and header.model == "Phenaki"
    assert set(header.versions) == {"phenaki-viz", "torch", "einops", "numpy"}
    assert [clip.name for clip in header.clips] == [f"generated digits 7 #{n}" for n in (24, 25)]
    assert settings_from(header.settings.values) == header.settings


@pytest.mark.parametrize("missing", [["notes"], ["reads", "notes"]])
def test_a_part_of_earlier_versions_is_read(whole, corpus, part, missing):
    """It stays as it is, beside parts that have the columns."""
    header, table = read_part(part)
    said = pq.read_metadata(part).metadata[KEY.encode()]
    older = table.drop_columns(missing)
    with pq.ParquetWriter(part, older.schema) as writer:
        writer.write_table(older)
        writer.add_key_value_metadata({KEY: said})
    heads = read_atlas(part).table
    assert any(row.facts.reads for row in heads) == ("reads" not in missing)
    assert any(row.facts.words for row in heads)
    _, back = read_part(part)
    assert back.schema == table.schema and back["notes"].null_count == len(back)
    planned = plan(replace(whole[0], out=str(part.parent)), sources(corpus), PER_PART)
    assert planned.there == (header,) and part.name not in [one.name for one in planned.parts]


@pytest.mark.parametrize("kept", [0, 3, 5_000, -9, -1])
def test_a_damaged_part_is_refused_in_words(part, kept):
    part.write_bytes(part.read_bytes()[:kept])
    with pytest.raises(AtlasError, match=part.name):
        read_atlas(part)


def test_other_parquet_files_are_refused(part, tmp_path):
    header, table = read_part(part)
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "other.parquet")
    with pytest.raises(AtlasError, match="no part of an atlas"):
        read_atlas(tmp_path / "other.parquet")
    said = pq.read_metadata(part).metadata[KEY.encode()]
    for metadata, why in (
        (said, "has not the columns"),
        (b"{}", "cannot be read"),
        (b"[" * 10**5, "cannot be read"),
        (said.replace(b'"layout": 1', b'"layout": 99'), "layout of the files is 99"),
        (said.replace(b'"share": 0.5', b'"share": "x"'), "cannot be read"),
    ):
        with pq.ParquetWriter(tmp_path / "p.parquet", table.select(["clip"]).schema) as writer:
            writer.write_table(table.select(["clip"]))
            writer.add_key_value_metadata({KEY: metadata})
        with pytest.raises(AtlasError, match=why):
            read_atlas(tmp_path / "p.parquet")
    with pytest.raises(AtlasError, match="holds no part of an atlas"):
        read_atlas(header and tmp_path / "..")


# ---- which clips


def test_sources_are_files_folders_lists_and_generated(corpus, tmp_path):
    listed, below = corpus.parent / "clips.tsv", tmp_path / "below"
    listed.write_text("clips/noise_0.npy\tgoing left\n\nclips/noise_0.npy\tgoing left\n")
    shutil.copytree(corpus, below / "deeper")
    found = clips_of([str(corpus), "generated:2", str(corpus / "noise_2.npy")], [listed])
    assert [clip.name for clip in clips_of([str(below)])][1] == "deeper/noise_0.npy"
    assert [clip.name for clip in found] == [
        "a_broken.gif", "noise_0.npy", "noise_1.npy", "noise_2.npy",
        "generated digits 0 #0", "generated digits 0 #1", "clips/noise_0.npy",
    ]  # fmt: skip
    assert [clip.prompt for clip in found] == ["", "", "left right", "", "", "", "going left"]
    assert all(clip.digest for clip in found if clip.path)
    assert clips_of(["nowhere.gif"])[0].digest == ""


def test_arrays_can_be_told_how_to_be_read(model, tmp_path):
    np.save(tmp_path / "unclear.npy", np.random.default_rng(0).random((9, 16, 16, 1)))
    out = {axes: tmp_path / f"out {axes}" for axes in (None, "f h w c")}
    for axes, folder in out.items():
        job = job_of(model, folder, axes=axes, kind="cross")
        make_atlas(plan(job, clips_of([str(tmp_path / "unclear.npy")])))
    unclear, clear = map(read_atlas, out.values())
    assert "say the order of its axes" in unclear.failed[0][1] and not unclear.clips
    assert clear.clips == 1 and not clear.failed


@pytest.mark.parametrize(
    "source", ["generated:", "generated:0", "generated:5?seed=x", "generated:5?sead=1",
               "generated:5?seed=-1", "generated:9999999999"],
)  # fmt: skip
def test_generated_clips_that_cannot_be_are_refused(source):
    with pytest.raises(ConfigError, match="generated:"):
        clips_of([source])


def test_no_clip_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no clip is given"):
        clips_of([])
    with pytest.raises(ConfigError, match=r"has no clip in it"):
        clips_of([str(tmp_path)])
