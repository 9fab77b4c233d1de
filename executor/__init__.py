"""The program that makes this computer a device."""
