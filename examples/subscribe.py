"""Prints every word that a running daemon hears.  Needs: pip install . (in a clone)."""

from kws import Subscriber

with Subscriber(["kws/detection/"]) as events:
    for event in events:
        print(f"{event.keyword} ({event.score:.2f}) ended at sample {event.end}", flush=True)
