"""The daemon: audio in, events out, for months."""
