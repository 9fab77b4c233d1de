"""A subtask's output on its way: joined, bounded, and whole in a file where it is too much."""
