"""What a device can run: one module per shell."""
