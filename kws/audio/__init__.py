"""Where samples come from: ring buffer, microphone, files."""
