"""Housekeeping: finds devices that went away, expires what is old."""
