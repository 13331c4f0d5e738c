"""Detections and the state of the daemon as ZeroMQ events."""
