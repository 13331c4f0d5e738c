"""Samples to MFCC frames."""
