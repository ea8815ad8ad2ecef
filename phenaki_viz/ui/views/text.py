"""Text: which word does each token read?"""

from dataclasses import replace

import streamlit as st

from phenaki_viz import glossary
from phenaki_viz.analysis.reading import LEAST_AUC, Reading
from phenaki_viz.analysis.weight_range import drawn_range
from phenaki_viz.analysis.words import keys_seen, side_by_side, word_maps, words_share
from phenaki_viz.browser.word_message import WordPicture
from phenaki_viz.data import as_rgb
from phenaki_viz.figures.head import record_notes
from phenaki_viz.figures.head_grid import HeadGrid
from phenaki_viz.figures.naming import key_axis
from phenaki_viz.figures.overlays import HeadOverFrames, word_weights
from phenaki_viz.figures.read_views import keys_read
from phenaki_viz.figures.weight_colours import Colours
from phenaki_viz.figures.word_sentences import (
    ROUTING,
    best_said,
    key_said,
    word_heading,
    word_sentence,
)
from phenaki_viz.figures.words import LONGEST_WORD, plain, quoted
from phenaki_viz.recording import AttentionRecord
from phenaki_viz.runs.files import RecordedRun
from phenaki_viz.runs.model import ModelRun
from phenaki_viz.runs.run import Run
from phenaki_viz.ui import session
from phenaki_viz.ui.components.word_table import WordPick, word_table
from phenaki_viz.ui.markup import inert
from phenaki_viz.ui.sections import panels
from phenaki_viz.ui.sections.downloads import export_icon
from phenaki_viz.ui.state import patches
from phenaki_viz.ui.state.selection import Selection, choose_selection
from phenaki_viz.ui.state.stage import fragment
from phenaki_viz.ui.state.view import BOUND
from phenaki_viz.ui.state.wishes import untouched, wish
from phenaki_viz.ui.views.text_compare import compare, cross_records, without_model
from phenaki_viz.ui.work import computed, fragment_jobs, head_words, shows

DOTS = 24  # a side of a time step in the small maps


@fragment
def text_page(run: Run) -> None:
    """What a head does with a word; every word and its best heads; right against wrong."""
    records = cross_records(run)
    if not records:
        panels.nothing(
            "Text",
            "This model has no cross-attention, so there is no text to read. Choose the trained "
            "model, or the MaskGit layout with cross-attention.",
        )
        return
    fragment_jobs.draw_place()
    words = panels.place_for_words()
    names = key_axis(records[0], 0).names
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        key = _chips(records[0], names)
        found = computed.reading_of(run, records, [0] * len(records))
        _start_where_it_is_read(found, key)
        selection = choose_selection(run.recording, records, place=False)
        shared = _scale()
    with words:
        _say(run, selection, found, key, names[key])
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _table(run, selection, found, key, names)
        _all_heads(run, selection, key, names[key])
    with right:
        _overlay(run, selection, key, shared)
        _shares(selection)
    if isinstance(run, ModelRun):
        compare(run, selection, key)
    elif isinstance(run, RecordedRun):
        without_model(run)


def _say(run: Run, selection: Selection, found: Reading, key: int, name: str) -> None:
    """What the head does with the word, each clause with its figure."""
    of, at = _of(selection, key), (selection.layer, selection.head)
    named = key_said(name, selection.record.num_null_kv, key)
    text = word_heading(selection.shown.label, named, float(found.auc[(key, *at)]))
    panels.heading(_titled(text, selection), run.recording.provenance, of)
    share = words_share(selection.shown.map).mean
    keys = keys_seen(selection.shown.map)
    mean = word_sentence(found, key, *at, mean=float(share[key]), keys=keys)
    panels.say(mean, of, key="sentence.patch")
    whole = head_words.sentence_of(
        run, selection, placed_word=selection.record.key_axis(selection.item).names[key]
    )
    panels.say_of_head(f"{whole} {ROUTING}", of)


def _of(selection: Selection, key: int) -> dict[str, str]:
    """What the pictures of the page have to be of, for its heading to be true."""
    head = shows.a_head(selection)
    word = {name: f"{head} word {key}" for name in ("word.strip", "same.right", "same.wrong")}
    stack = f"{shows.a_stack(selection)} word {key}"
    return word | {"grid.words": stack, "words.table": stack, "shares": head}


def _start_where_it_is_read(found: Reading, key: int) -> None:
    """On the first visit, of a model that learned: the head that reads the word best."""
    seen = session.get("text.seen", False)
    session.put("text.seen", True)
    trained = session.page.get("source") == "trained"
    if seen or not trained or not untouched("layer", "head"):
        return
    best = found.best(key)
    if best is not None:
        wish(layer=best[0], head=best[1])


def _chips(record: AttentionRecord, names: tuple[str, ...]) -> int:
    """The chosen key: a null key/value or a word."""
    patches.word_at(record, "chips")
    chosen = st.pills(
        "Word",
        range(len(names)),
        format_func=lambda at: inert(plain(names[at], LONGEST_WORD)),
        key=session.named(patches.WORD),
        required=True,
        help=glossary.about("null key"),
        persist_state="session",  # the link says its number: two words may read alike
    )
    return int(chosen or 0)


def _scale() -> bool:
    return bool(
        st.toggle(
            "One scale for all words",
            key=session.named("all_words"),
            help="Off: colours end at this word's largest weight",
            **BOUND,
        )
    )


def _all_heads(run: Run, selection: Selection, key: int, name: str) -> None:
    maps = word_maps(selection.records, selection.item, key)
    shown = side_by_side(maps)
    finer = side_by_side(maps, enlarged=max(1, DOTS // max(maps.shape[3:])))
    scales = Colours().of_each(shown)
    picture = HeadGrid(
        name=f"word_heads_key_{key:02d}",
        title=_titled(f"tokens that read “{name}”, all heads", selection),
        notes=(
            f"each tile: {maps.shape[2]} time steps, from left to right and down"
            + ("; grey: no further step" if maps.shape[2] % 3 else ""),
            "colour ends of each head apart",
            *record_notes(run.recording, selection.records),
        ),
        provenance={**run.recording.provenance, "key": name, "key_at": key},
        thumbnails=shown,
        layers=tuple(f"L{record.layer}" for record in selection.records),
        heads=tuple(f"H{head}" for head in selection.record.heads),
        scales=scales,
        selected=(selection.layer, selection.head),
        values=None,
        unit="attention weight",
    )
    # On the screen each weight has several dots, so that the lines between steps are thin.
    of = f"{shows.a_stack(selection)} word {key}"
    panels.grid(replace(picture, thumbnails=finer), kind="words", shows=of)
    export_icon("the heads' grid", picture.name, lambda: picture, "words.grid")


def _table(
    run: Run, selection: Selection, found: Reading, key: int, names: tuple[str, ...]
) -> None:
    """Every word beside the head of each layer that reads it best: the model's summary."""
    layers = tuple(record.layer for record in selection.records)
    nulls = selection.record.num_null_kv
    table = WordPicture(
        auc=found.auc,
        words=names,
        layers=tuple(f"L{layer}" for layer in layers),
        heads=selection.record.heads,
        least=LEAST_AUC,
        caption="Each layer's best head for each word, with its AUC",
        notes=(best_said(found, key, key_said(names[key], nulls, key), layers),),
    )
    word_table(
        table,
        selected=(key, selection.layer, selection.head),
        key="words.table",
        shows=f"{shows.a_stack(selection)} word {key}",
        on_pick=_pick,
    )


def _pick(pick: WordPick) -> None:
    session.put(patches.WORD, pick["key"])
    wish(layer=pick["layer"], head=pick["head"])


def _overlay(run: Run, selection: Selection, key: int, shared: bool) -> None:
    record = selection.record
    if shared:
        fragment_jobs.draw_place()
        scale = Colours().of(
            computed.range_of(run, record, selection.item, selection.head), "all words of this head"
        )
    else:
        scale = Colours().over(*drawn_range(word_weights(selection.shown, key)), "this word")
    picture = HeadOverFrames(
        head=selection.shown,
        frames=as_rgb(run.clip),
        temporal_patch=run.temporal_patch,
        scale=scale,
    ).of_key(key)
    said = key_axis(record, selection.item).names[key]
    panels.film(
        picture,
        key="word.strip",
        direction=f"tokens that read {quoted(said)}",
        shows=f"{shows.a_head(selection)} word {key}",
    )
    export_icon("the frames", picture.name, lambda: picture, "word.strip")


def _shares(selection: Selection) -> None:
    picture = keys_read(selection.shown)
    of = shows.a_head(selection)
    panels.plotly(picture, key="shares", height=230, titled=True, elsewhere=None, shows=of)
    export_icon("the bars", picture.name, lambda: picture, "shares")


def _titled(title: str, selection: Selection) -> str:
    """A title that says which call and batch item it is of, where there are several."""
    return " · ".join(filter(None, (title, selection.shown.call_words)))
