"""One module a page; each draws what the present run shows."""
