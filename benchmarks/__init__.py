"""Ratios taken in one run, interleaved, medians; see README, What it costs."""
