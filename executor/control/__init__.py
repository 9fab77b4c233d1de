"""Answers what the owner asks of the running executor, through a socket in its home that nobody else can use."""
