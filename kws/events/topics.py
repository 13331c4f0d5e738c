"""The topics of the events.

Every topic ends in ``/``: a ZeroMQ subscription is a prefix, and without the slash a subscriber of
``kws/detection/on`` would hear ``kws/detection/one`` as well.
"""

DETECTION = "kws/detection/"
STATE = "kws/state/"
HEARTBEAT = "kws/heartbeat/"
POSTERIORS = "kws/posteriors/"
ERROR = "kws/error/"


def detection_topic(keyword: str) -> str:
    """The topic of one keyword, ``kws/detection/<keyword>/``; a ``/`` in it becomes ``%2F``."""
    return f"{DETECTION}{keyword.replace('/', '%2F')}/"
