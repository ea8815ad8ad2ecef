"""Heads explained: what the laws are off by, what the sweep and the table take, what predicts.

    python -m benchmarks.explaining laws      worst errors on every parity case, however it is held
    python -m benchmarks.explaining sweep     32 heads off in turn, 10 clips × 2 masks: seconds
    python -m benchmarks.explaining table     the table of 32 heads, one clip: seconds
    python -m benchmarks.explaining predicts  Spearman's ρ of every number of a head with its worth

Each takes a minute or two on two cores; a click's ledger is `benchmarks.ledger`.
"""

import argparse
import time
from collections.abc import Sequence
from statistics import median

import numpy as np
from torch import nn

from phenaki_viz.analysis.head_columns import COLUMNS
from phenaki_viz.analysis.head_table import HeadTable, head_table
from phenaki_viz.analysis.ledger import WeightLedger
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import DIGIT_CLIPS, SHIPPED_MODEL, digit_clip, read_prompt
from phenaki_viz.evaluation.effects import HeadEffect, sweep
from phenaki_viz.evaluation.predictors import predictors
from phenaki_viz.evaluation.trials import Trials, trials
from phenaki_viz.figures.effect_views import by_worth, effect_words, head_name
from phenaki_viz.figures.predictor_views import correlation_words, predictors_sentence
from phenaki_viz.recording.records import Kind
from phenaki_viz.runs.model import ModelRun, run_model

CLIPS, MASKS, ROUNDS = 10, 2, 7
KINDS: tuple[Kind, ...] = ("self", "cross")
MOST_SWEEP, MOST_TABLE, MOST_ERROR = 20, 0.3, 1e-5


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print what was found; return the figures that have a bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("laws", "sweep", "table", "predicts"))
    options = parser.parse_args(argv)
    return {"laws": _laws, "sweep": _sweep, "table": _table, "predicts": _predicts}[options.what]()


def _laws() -> dict[str, float]:
    """Of three rows of every head, three keys each, as the tests look at them."""
    from tests.analysis.test_row_ledger import CASES, HELD, ledgers, run_parity

    found: dict[str, float] = {}
    for held, how in HELD.items():
        worst: dict[str, float] = {}
        rows = 0
        for name in CASES:
            recording, published = run_parity(name, how)
            for one in recording:
                theirs = published[one.module][-1].numpy() if one.module in published else None
                for (item, head, query), row in ledgers(one):
                    rows += 1
                    for key in {0, one.map.shape[3] - 1, int(row.weights.argmax())}:
                        weight = None if theirs is None else theirs[item, head, query, key]
                        _worst(worst, row.of(key), weight)
        print(f"{held}: {rows} rows of {len(CASES)} cases, worst error of")
        for law, error in worst.items():
            print(f"  {law}: {error:.1e}, to stay below {MOST_ERROR:g}")
            found[f"{held}, {law}"] = error
    return found


def _worst(worst: dict[str, float], one: WeightLedger, published: float | None) -> None:
    """Widen what is known of each law by one weight, where the law says something of it."""
    errors = {"weight": abs(one.made - one.weight)}
    if published is not None:
        errors["published"] = abs(one.made - float(published))
    if one.logsumexp is not None and one.dimensions is not None and not one.hidden:
        errors["logit − lse"] = abs(np.exp(one.logit - one.logsumexp) - one.weight)
        errors["Σ d − content"] = abs(one.dimensions.sum() - one.apart["content"])
    for law, error in errors.items():
        worst[law] = max(worst.get(law, 0.0), float(error))


def _model() -> nn.Module:
    return open_checkpoint(SHIPPED_MODEL).model


def _trials(model: nn.Module) -> Trials:
    captions = list(DIGIT_CLIPS.values())[:CLIPS]
    clips = [(digit_clip(caption), read_prompt(caption)) for caption in captions]
    return trials(model, clips, masks=MASKS)


def _swept(model: nn.Module) -> tuple[tuple[HeadEffect, ...], float, float]:
    """What was found, seconds by the wall's clock and by the processor's."""
    made = _trials(model)
    started, worked = time.perf_counter(), time.process_time()
    effects = sweep(model, made)
    return effects, time.perf_counter() - started, time.process_time() - worked


def _sweep() -> dict[str, float]:
    model = _model()
    effects, seconds, worked = _swept(model)
    print(f"{len(effects)} heads, {CLIPS} clips × {MASKS} masks: {seconds:.1f} s, to stay below "
          f"{MOST_SWEEP} s ({worked:.1f} s of processors)")  # fmt: skip
    for effect in by_worth(effects):
        print(f"  {head_name(effect)}: {effect_words(effect)}")
    return {"sweep": seconds}


def _looked(model: nn.Module) -> ModelRun:
    caption = next(iter(DIGIT_CLIPS.values()))
    return run_model(model, digit_clip(caption), read_prompt(caption))


def _table() -> dict[str, float]:
    run, times = _looked(_model()), []
    worked = time.process_time()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        rows = [row for kind in KINDS for row in _of_maskgit(run, kind)]
        times.append(time.perf_counter() - started)
    worked = (time.process_time() - worked) / ROUNDS
    print(f"table of {len(rows)} heads, one clip: {median(times):.3f} s (of {ROUNDS}: "
          f"{min(times):.3f} to {max(times):.3f}), to stay below {MOST_TABLE} s "
          f"({worked:.3f} s of processors)")  # fmt: skip
    return {"table": median(times)}


def _of_maskgit(run: ModelRun, kind: Kind) -> HeadTable:
    return head_table(run.recording, stack="maskgit.transformer", kind=kind)


def _predicts() -> dict[str, float]:
    model = _model()
    effects, *_ = _swept(model)
    run = _looked(model)
    for kind in KINDS:
        found = predictors(_of_maskgit(run, kind), effects)
        print(f"{kind}: {predictors_sentence(found)}")
        for one in found:
            print(f"  {COLUMNS[one.column].title}: {correlation_words(one.correlation)}")
    return {}


if __name__ == "__main__":
    main()
