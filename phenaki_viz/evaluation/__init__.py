"""How well a trained Phenaki rebuilds, generates and reads: figures on held-out digits."""

from phenaki_viz.evaluation.report import Figures, evaluate, table

__all__ = ["Figures", "evaluate", "table"]
