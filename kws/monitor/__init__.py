"""A live view of a running daemon: what it hears, how sure it is, and how it fares."""
