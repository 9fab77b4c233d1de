"""Wegent: your own computer as the place where your AI and data tasks run."""
