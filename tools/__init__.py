"""What run.py does: set up, start, test, benchmark, make wheels; with the standard library only."""
