"""Measuring a model: clips and streams.  Needs the extra `train`."""
