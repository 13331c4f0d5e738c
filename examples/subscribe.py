"""Prints every word that a running daemon hears.  Needs: pip install -e . (in a clone)."""

from kws import Subscriber

with Subscriber(["kws/detection/"]) as events:
    for word in events.detections():
        print(f"{word.keyword} ({word.score:.2f}) ended at sample {word.end}", flush=True)
