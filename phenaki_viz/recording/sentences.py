"""What a recording is, in one sentence each: storage, checks, what is not finite, its origin."""

from collections.abc import Mapping, Sequence
from typing import Any

from phenaki_viz.errors import ConfigError
from phenaki_viz.recording.interventions.kinds import CutDepth, ZeroHead
from phenaki_viz.recording.interventions.texts import from_plain
from phenaki_viz.recording.recording import Recording
from phenaki_viz.recording.records import AttentionRecord, brief
from phenaki_viz.recording.storage import size_text


def describe_storage(recording: Recording, *, why: bool = True) -> str:
    """One line on how the maps are stored, and why. why: False leaves out why they are dense, which
    is what one expects; that they are recomputed is never said without its reason.
    """
    storage = recording.storage
    parted = sum(record.map.storage == "factored" for record in recording)
    if not parted:
        with_reason = why and storage.why_dense and len(recording)
        reason = f", {storage.why_dense}" if with_reason else ""
        return f"all {len(recording)} maps dense ({size_text(recording.nbytes)}){reason}"
    which = f"{parted} of {len(recording)} maps" if parted < len(recording) else "maps"
    recomputed = "recomputed where shown" + _how_near(recording)
    size = size_text(recording.nbytes)
    return f"{which} factored and {recomputed} ({size}); {storage.why_factored}"


def _how_near(recording: Recording) -> str:
    """How near recomputed maps are to the model's own, as it was measured."""
    checks = [
        record.verification
        for record in recording
        if record.map.storage == "factored" and record.verification
    ]
    errors = [check.relative_error for check in checks if check.relative_error is not None]
    dtypes = sorted({check.dtype for check in checks if check.relative_error is not None})
    if any(check.verdict == "failed" for check in checks):
        return ", wrongly: see the check"
    if not errors:
        return ", unchecked"
    if dtypes in (["float32"], ["float64"]):
        return " exactly"
    weights = [check.weight_error for check in checks if check.weight_error is not None]
    off = f"weights within {max(weights):.0e}" if weights else f"within {max(errors):.0e}"
    return f" in {' and '.join(dtypes)}, {off} of the model's own"


def describe_failures(records: Sequence[AttentionRecord]) -> str:
    """One sentence on the maps that are not what the model used; empty when there are none."""
    failed = [record for record in records if record.failed]
    if not failed:
        return ""
    named = brief([record.module for record in failed], 3)
    worst = max(
        (record.verification.relative_error or 0) for record in failed if record.verification
    )
    off = f"off by up to {worst:.1e} of the largest value" if worst else "not finite alike"
    return (
        f"CHECK FAILED for {len(failed)} of {len(records)} maps ({named}): they are not what the "
        f"model used, {off}. Do not trust these pictures"
    )


def describe_non_finite(recording: Recording) -> str:
    """One sentence on where NaN or infinity began; empty when all is finite."""
    first = recording.first_non_finite
    if first is None:
        return ""
    if first.first_non_finite is None:
        return (
            f"NaN or infinity from {first.module} on: what came in was finite, what it computed "
            "is not"
        )
    item, token = first.first_non_finite
    return (
        f"NaN or infinity from {first.module} on: it came in with token {token} of batch item "
        f"{item}"
    )


def describe_origin(provenance: Mapping[str, Any]) -> str:
    """One line on where the weights come from; says so when they are random."""
    digest = provenance.get("weights_digest", "unknown")
    taken_out = "".join(f"; {said}" for said in _taken_out(provenance))
    if provenance.get("random_weights"):
        seed = provenance.get("seed")
        return f"random weights (seed {seed}), not trained; digest {digest}{taken_out}"
    trained = f", trained {provenance['trained']}" if provenance.get("trained") else ""
    return f"weights {digest}{trained}{taken_out}"


def _taken_out(provenance: Mapping[str, Any]) -> list[str]:
    """What was changed in the model, in words: heads off, layers cut away, other interventions."""
    off, depth = provenance.get("heads_off"), provenance.get("depth_kept")
    others = _interventions(provenance.get("interventions"), "heads_off" in provenance)
    said = []
    if isinstance(off, list) and off:
        said.append(f"{len(off)} head{'' if len(off) == 1 else 's'} off: {brief(off, 3)}")
    if isinstance(depth, list) and depth:
        said.append(f"layers kept: {brief(depth, 3)}")
    return [*said, brief(others, 3)] if others else said


def _interventions(plain: object, counted: bool) -> list[str]:
    """Interventions in words; nothing of what is none. counted: heads and layers were said."""
    try:
        given = from_plain(plain or [])
    except ConfigError:  # of a file by somebody else
        return []
    return [one.said for one in given if not (counted and isinstance(one, (ZeroHead, CutDepth)))]
