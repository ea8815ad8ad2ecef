"""One module a page; each draws what the present run shows.

Not called `pages`: Streamlit takes a folder of that name beside the script for pages of its own.
"""
