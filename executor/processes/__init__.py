"""Child processes: found whatever they do, ended, and kept for a further turn."""
