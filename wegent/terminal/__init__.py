"""What `wegent` shows and asks in a terminal."""
