"""Interventions: what is changed in a model while it runs, as data, and the hooks that do it."""

from phenaki_viz.recording.interventions.acting import check_fits as check_fits
from phenaki_viz.recording.interventions.acting import heard_outputs as heard_outputs
from phenaki_viz.recording.interventions.acting import intervened as intervened
from phenaki_viz.recording.interventions.in_force import edits_of as edits_of
from phenaki_viz.recording.interventions.in_force import given_in as given_in
from phenaki_viz.recording.interventions.in_force import is_left_out as is_left_out
from phenaki_viz.recording.interventions.in_force import slopes_of as slopes_of
from phenaki_viz.recording.interventions.in_force import source_of as source_of
from phenaki_viz.recording.interventions.kept_maps import is_kept as is_kept
from phenaki_viz.recording.interventions.kept_maps import keep_map as keep_map
from phenaki_viz.recording.interventions.kinds import CutDepth as CutDepth
from phenaki_viz.recording.interventions.kinds import CutEdges as CutEdges
from phenaki_viz.recording.interventions.kinds import DropText as DropText
from phenaki_viz.recording.interventions.kinds import Intervention as Intervention
from phenaki_viz.recording.interventions.kinds import Interventions as Interventions
from phenaki_viz.recording.interventions.kinds import MeanHead as MeanHead
from phenaki_viz.recording.interventions.kinds import ScaleAlibi as ScaleAlibi
from phenaki_viz.recording.interventions.kinds import ScaleAttention as ScaleAttention
from phenaki_viz.recording.interventions.kinds import ScalePosition as ScalePosition
from phenaki_viz.recording.interventions.kinds import SwapText as SwapText
from phenaki_viz.recording.interventions.kinds import TransferMap as TransferMap
from phenaki_viz.recording.interventions.kinds import ZeroHead as ZeroHead
from phenaki_viz.recording.interventions.kinds import as_dict as as_dict
from phenaki_viz.recording.interventions.texts import from_json as from_json
from phenaki_viz.recording.interventions.texts import from_plain as from_plain
from phenaki_viz.recording.interventions.texts import to_json as to_json
