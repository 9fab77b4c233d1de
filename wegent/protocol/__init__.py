"""The contract that every side speaks: states, messages, codec, output log, timing. No I/O here."""
