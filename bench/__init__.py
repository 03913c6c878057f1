"""Figures: how fast, how large, how robust. Each module prints its own and says how to run it."""
