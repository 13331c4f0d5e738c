"""Training a model from recordings.  Needs the extra `train`."""
