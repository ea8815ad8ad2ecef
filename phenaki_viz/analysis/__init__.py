"""Pure functions on arrays and records: metrics, masks, overlays, thumbnails."""
