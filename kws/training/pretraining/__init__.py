"""A network that first learns to hear: it predicts a published speech embedding over streams."""
