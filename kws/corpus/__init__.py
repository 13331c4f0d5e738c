"""Recordings as data: what each is, its part, its samples, and how they are mixed."""
