"""Wegent in notebooks: `%load_ext notebook_ext`."""
