"""What the commands of ``wegent-executor`` say, in the reader's language."""
