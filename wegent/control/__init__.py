"""Asks the executor that runs on this computer how it is, and for what its owner wants of it."""
