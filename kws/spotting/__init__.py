"""Samples to detections: MFCC, the stateful LSTM, decisions.  Knows no device, socket or clock."""
