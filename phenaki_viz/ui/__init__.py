"""The page: the only floor that imports Streamlit; it holds no arithmetic."""
