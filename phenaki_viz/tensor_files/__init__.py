"""Files of tensors (safetensors) of any origin: headers read by a schema, digests that seal them.

Knows neither models nor recordings: both keep theirs in such files.
"""
