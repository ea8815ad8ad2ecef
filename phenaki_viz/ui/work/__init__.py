"""Long work and what is kept: runs, trainings, results of a page; nothing here draws a picture."""
