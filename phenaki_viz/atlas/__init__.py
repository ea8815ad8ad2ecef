"""A corpus: what every head does over thousands of clips, made in parts by any number of workers.

`making.make_atlas` makes one, `reading.read_atlas` opens it. A part is some clips; one function
makes its rows, and engines differ only in who calls that function.
"""
