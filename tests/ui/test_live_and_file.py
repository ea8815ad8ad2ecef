"""What a page shows of a live run it shows of the file that was saved of it: page by page.

Text, numbers and figures are compared; what needs the model is named here, and nothing else may be
missing.
"""

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from phenaki_viz import ui
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import SHIPPED_MODEL, Clip, digit_clip, read_prompt, sample_clip
from phenaki_viz.errors import RecordingError
from phenaki_viz.models.dial import DialConfig
from phenaki_viz.recording import facts
from phenaki_viz.recording.switches import Switches
from phenaki_viz.runs.dialled import Padding, run_dialled
from phenaki_viz.runs.files import open_recording, save_recording
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.results import outcome_from, sampled_from, tensors_of
from phenaki_viz.runs.sampled import Sampling, sample
from phenaki_viz.ui.components.stamps import LENGTH
from phenaki_viz.ui.source.trained import CAPTIONS
from tests.checkpoints.files import PHENAKI, pt, weights
from tests.published import published_attention
from tests.sent import unpack

MAIN = Path(ui.__file__).parent / "main.py"  # to import it would draw it
TEXTS = (
    "markdown", "caption", "text", "info", "warning", "error", "title", "header", "subheader",
    "metric", "code",
)  # fmt: skip
# What needs the model, and what the file's page says in its place.
CONTROLS = {
    "attention": r"$^",
    "text": r"Right word, wrong word|Loss, .*"
    r"|A recording holds no model.*|component (shared\.)?(same|loss|said)\..*|Export|.* → .*"
    r"|colour linear .*, ends from (the first text's word|(both|this) texts?|this difference) .*",
    "inside": r"The d dimensions of the content are not kept: .*",
    "position": r"A recording holds the bias at the size.*",
    "masks": r"A recording holds no model.*|component (probe|sentence\.probe) .*|Export"
    r"|Each time step in turn is replaced .*|Module by module",
    "sampling": r"Recorded with guidance.*",
    "heads": r"$^",
    "tracks": r"$^",
    "compare": r"$^",
    "train": r"$^",
    "figure": r"$^",
}
PAGES = {
    "dialled": ("attention", "text", "heads", "inside", "figure"),
    "causal in C-ViViT": ("attention", "position", "masks"),
    "causal, PEG mended": ("masks",),
    "causal in MaskGit": ("masks",),
    "causal, PEG too": ("masks",),
    "trained": (
        "attention",
        "text",
        "heads",
        "position",
        "masks",
        "inside",
        "tracks",
        "train",
        "figure",
    ),
    "trained, a head off": ("attention",),
    "own checkpoint": ("attention", "text"),
    "sampled": ("sampling", "compare"),
}
EVERY = [(name, page) for name, pages in PAGES.items() for page in pages]


def dialled(**how):
    usual = {"layout": "joint", "heads": 2, "depth": 2, "dim": 32, "dim_head": 8, "frames": 5}
    config = DialConfig(height=32, width=32, patch=8, temporal_patch=2, **usual | how)
    words = "two moving right and two" if config.cross else ""
    return run_dialled(config, sample_clip(), read_prompt(words), Padding(words=1))


@cache
def model():
    return open_checkpoint(SHIPPED_MODEL).model


def looked(**options):
    return run_model(
        model(), digit_clip(CAPTIONS[0]), read_prompt(CAPTIONS[0]), RunOptions(frames=9, **options)
    )


def own():
    """A checkpoint of the user's: without its text encoder, so that word vectors are random."""
    opened = open_checkpoint(("phenaki.pt", pt(weights(PHENAKI))))
    noise = np.random.default_rng(0).integers(0, 255, (9, 16, 24, 3), np.uint8)
    return run_model(
        opened.model, Clip(noise, "noise"), read_prompt("a ball"), RunOptions(frames=5)
    )


RUNS = {
    "dialled": dialled,
    "causal in C-ViViT": lambda: dialled(layout="factorised", causal=True, cross=False),
    "causal, PEG mended": lambda: dialled(
        layout="factorised", causal=True, cross=False, peg_layout="rearranged", peg_causal=True
    ),
    "causal in MaskGit": lambda: dialled(causal=True),
    "causal, PEG too": lambda: dialled(causal=True, peg_causal=True),
    "trained": looked,
    "trained, a head off": lambda: looked(
        switches=Switches(off=frozenset({("maskgit.transformer.layers.1.1", 2)}))
    ),
    "own checkpoint": own,
    "sampled": lambda: sample(model(), read_prompt(CAPTIONS[0]), Sampling(steps=2)),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")

    @cache
    def pair(name):
        live = replace(RUNS[name](), seconds=0.01)  # else a second text would be an errand
        path = folder / f"{len(list(folder.iterdir()))}.safetensors"
        return live, open_recording(save_recording(path, live))

    return pair


def draw(page, run):
    from phenaki_viz.runs.sampled import SampledRun
    from phenaki_viz.ui.views import (
        attention,
        compare,
        figure,
        heads,
        inside,
        masks,
        position,
        sampling,
        text,
        tracks,
        train_record,
        what_if,
    )

    if page == "sampling":
        if isinstance(run, SampledRun):  # the live page would sample it anew
            sampling._say(run)
            sampling._player(run)
            sampling._take_away(run)
            sampling._attention(run)
        else:
            sampling.sampling_page(run)
        return
    pages = {
        "attention": attention.attention_page,
        "text": text.text_page,
        "heads": heads.heads_page,
        "inside": inside.inside_page,
        "position": position.position_page,
        "masks": masks.masks_page,
        "tracks": tracks.tracks_page,
        "compare": compare.compare_page,
        "train": train_record.record_page,
        "figure": figure.figure_page,
        "whatif": what_if.what_if_page,
    }
    pages[page](run)


def shown(page, run):
    """All that a page says and draws, with every box open, as countable strings."""
    at = AppTest.from_function(draw, default_timeout=120, args=(page, run))
    for box in ("outcome", "by.step"):
        at.session_state[box] = True
    at.session_state["with"] = "pass"  # what both can be compared with
    if page == "train":
        at.session_state["source"] = "trained"
    at.run()
    assert not at.exception
    said = [
        f"{element.value} {getattr(element, 'delta', '')}".strip()
        for kind in TEXTS
        for element in at.get(kind)
    ]
    printed = [element.proto.body for element in at.get("html") if "<img" in element.proto.body]
    return Counter(said + printed + [drawn(one.proto) for one in at.get("bidi_component")])


def drawn(proto):
    """What a component was sent, without the names that only tell one run from another."""
    header, parts = unpack(proto.bytes[:-LENGTH])
    for name in ("lines", "tell"):  # addresses that only this session is told
        if isinstance(header.get(name), str):
            header[name] = bool(header[name])
    kept = without(header, ("weights", "source", "shows", "of", "push", "parts", "seen", "rev"))
    numbers = {name: np.asarray(part).tobytes().hex()[:4000] for name, part in parts.items()}
    name = header.get("id") or f"figure {json.dumps(header)[:60]}"
    return f"component {name} {json.dumps(kept, sort_keys=True)} {sorted(numbers.items())}"


def without(held, names):
    if not isinstance(held, dict):
        return held
    return {name: without(value, names) for name, value in held.items() if name not in names}


@pytest.mark.parametrize(("name", "page"), EVERY)
def test_a_file_shows_what_the_live_run_shows(saved, name, page):
    live, file = saved(name)
    before, after = shown(page, live), shown(page, file)
    allowed = re.compile(CONTROLS[page])
    missing = [said[:200] for said in before - after if not allowed.match(said)]
    added = [said[:200] for said in after - before if not allowed.match(said)]
    assert missing == []
    assert added == []
    assert sum((before & after).values()) > 2


def test_every_page_is_compared_or_says_that_it_needs_the_model(saved):
    listed = MAIN.read_text().partition("\nPAGES = {")[2].partition("\n}")[0]
    there = set(re.findall(r"^    \"(\w+)\"", listed, re.MULTILINE))
    assert there == {page for pages in PAGES.values() for page in pages} | {"whatif"}
    _, file = saved("trained")
    said = shown("whatif", file)
    assert [one for one in said if one.startswith("A recording holds what a model did, not")]
    assert not [one for one in said if one.startswith("component")]


def test_a_recording_of_other_weights_is_not_said_to_have_learned_as_ours_did(saved):
    _, file = saved("own checkpoint")
    said = shown("train", file)
    assert any(one.startswith("How its model learned is in the file") for one in said)
    assert not [one for one in said if "nats" in one or one.startswith("component")]


def test_the_loss_that_a_file_shows_is_the_live_one(saved):
    live, file = saved("trained")
    np.testing.assert_array_equal(file.outcome.loss, live.outcome.loss)
    np.testing.assert_array_equal(file.outcome.filled, live.outcome.filled)
    assert file.outcome.error == live.outcome.error and file.notes == live.notes
    assert file.outcome.masked_loss == live.outcome.masked_loss


WARNED = {  # what the masks page warns of, live and from the file
    "causal in C-ViViT": "the published temporal PEG reads its tokens in another order",
    "causal, PEG mended": None,
    "causal in MaskGit": "PEG convolution before each layer looks one time step ahead",
    "causal, PEG too": None,
    "trained": None,  # its PEG is mended
    "dialled": None,
}


@pytest.mark.parametrize("name", WARNED)
def test_a_file_warns_where_information_flows_past_the_maps(saved, name):
    _, file = saved(name)
    said = [info for info in shown("masks", file) if info.startswith("The maps are causal")]
    wanted = WARNED[name]
    assert [wanted in info for info in said] == ([True] if wanted else [])


@pytest.mark.parametrize(
    "known", [None, 3, [], {}, {"convolutions": None}, {"convolutions": [{"stack": "x"}]},
             {"convolutions": [{"stack": 1, "causal": True, "layout": "published"}]}],
)  # fmt: skip
def test_a_file_of_before_says_that_it_does_not_know(saved, known):
    _, file = saved("causal in MaskGit")
    provenance = {
        name: held for name, held in file.recording.provenance.items() if name != facts.FACTS
    }
    provenance |= {} if known is None else {facts.FACTS: known}
    old = replace(file, recording=replace(file.recording, provenance=provenance))
    assert any("this recording does not say" in said for said in shown("masks", old))


def test_facts_tell_the_published_classes_by_what_they_have():
    published = published_attention()
    made = published.Transformer(dim=8, depth=2, causal=True, peg=True, peg_causal=True, dim_head=4)
    known = facts.facts_of(torch.nn.ModuleDict({"enc_temporal_transformer": made}))
    wanted = facts.Convolution(stack="enc_temporal_transformer", causal=True, layout="published")
    assert facts.convolutions_of({facts.FACTS: known}) == (wanted,)


DAMAGE = {
    "outcome.codes": lambda t: t[:, :1],
    "outcome.loss": lambda t: t.double(),
    "outcome.masked": lambda t: t.long(),
    "outcome.filled": lambda t: t[:, :5],
    "sampled.previews": lambda t: t[:1],
    "sampled.again": lambda t: t[..., :1],
    "sampled.codes": lambda t: t[:, :1],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_does_not_fit_is_refused(saved, name):
    _, file = saved("trained" if name.startswith("outcome") else "sampled")
    tensors = tensors_of(file)
    provenance, _ = file.recording.provenance, outcome_from({}, tensors, file.clip)
    sampled_from(provenance, tensors, file)
    tensors[name] = DAMAGE[name](tensors[name]).contiguous()
    with pytest.raises(RecordingError, match=name.partition(".")[0]):
        outcome_from(provenance, tensors, file.clip)
        sampled_from(provenance, tensors, file)
