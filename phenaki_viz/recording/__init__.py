"""Forward hooks → Recording: attention as it happened, exact, with what made it."""

from phenaki_viz.recording.estimates import Estimate, estimate
from phenaki_viz.recording.families.phenaki import (
    attention_modules,
    position_bias_modules,
    position_surface,
)
from phenaki_viz.recording.head import HeadMap
from phenaki_viz.recording.maps import AttentionMap, DenseMap, Reduce, cell_size
from phenaki_viz.recording.options import DEFAULT_LIMIT, RecordOptions, StorageChoice
from phenaki_viz.recording.parts import FactoredMap
from phenaki_viz.recording.places import Grid, Place, Places
from phenaki_viz.recording.position import evaluate_bias
from phenaki_viz.recording.recorder import record
from phenaki_viz.recording.recording import Recording, StorageReport
from phenaki_viz.recording.records import Alibi, AttentionRecord, PositionBias, Verification
from phenaki_viz.recording.sentences import (
    describe_failures,
    describe_non_finite,
    describe_origin,
    describe_storage,
)
from phenaki_viz.recording.terms import Product, Remainder, Terms

__all__ = [
    "DEFAULT_LIMIT",
    "Alibi",
    "AttentionMap",
    "AttentionRecord",
    "DenseMap",
    "Estimate",
    "FactoredMap",
    "Grid",
    "HeadMap",
    "Place",
    "Places",
    "PositionBias",
    "Product",
    "RecordOptions",
    "Recording",
    "Reduce",
    "Remainder",
    "StorageChoice",
    "StorageReport",
    "Terms",
    "Verification",
    "attention_modules",
    "cell_size",
    "describe_failures",
    "describe_non_finite",
    "describe_origin",
    "describe_storage",
    "estimate",
    "evaluate_bias",
    "position_bias_modules",
    "position_surface",
    "record",
]
