"""Files of tensors (safetensors) from anybody: headers read by a schema, digests that seal them.

Knows neither models nor recordings: both keep theirs in such files.
"""
