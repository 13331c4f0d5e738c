"""Frames to posteriors, and what a model file is."""
