"""What ``wegent-executor`` does, one module for each command or family of them."""
