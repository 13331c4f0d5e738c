"""Recordings through the chain of the daemon, and the picture of what it made of them."""
