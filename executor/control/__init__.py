"""A running executor and the commands that ask it something: a socket in its home that only its owner can use."""
