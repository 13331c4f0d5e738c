"""What the official Speech Commands set calls its keywords, and published models their outputs."""

OFFICIAL_KEYWORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")

TWELVE_LABELS = ("_silence_", "_unknown_", *OFFICIAL_KEYWORDS)
"""Outputs of the 12-label models trained on it, in their usual order."""
