"""The picture of a replay: waveform, scores and detections.  Only to draw it takes matplotlib."""
