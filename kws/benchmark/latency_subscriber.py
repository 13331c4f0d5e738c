"""A subscriber that prints when each event came: the other end of `kws.benchmark.latency`.

python -m kws.benchmark.latency_subscriber ENDPOINT TOPIC
"""

import sys
import time

import zmq

from kws.events.topics import HEARTBEAT


def main() -> None:
    """Print the monotonic time and the body of every event, until killed."""
    endpoint, topic = sys.argv[1:]
    socket = zmq.Context().socket(zmq.SUB)
    socket.subscribe(topic)
    socket.subscribe(HEARTBEAT)
    socket.connect(endpoint)
    while True:
        _, body = socket.recv_multipart()
        sys.stdout.write(f"{time.monotonic()} {body.decode()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
