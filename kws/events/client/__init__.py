"""The receiving end: finds a daemon, joins without loss, asks it things."""
