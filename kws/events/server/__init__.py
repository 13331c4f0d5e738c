"""The sending end: sockets that publish and answer requests."""
