"""What Wegent costs: output relay, sending, idle sockets. ``python -m benchmarks`` measures and prints a table."""
