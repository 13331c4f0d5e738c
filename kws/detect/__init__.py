"""Posteriors to detections."""
