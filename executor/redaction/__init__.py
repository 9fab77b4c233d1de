"""What leaves the device has none of its owner's secrets in it."""
