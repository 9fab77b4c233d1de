"""Looks for what keeps a computer from working as a device. Checks are functions, listed in ``checks.py``."""
