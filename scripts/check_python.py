"""Refuse, with one clear line, a Python that kws cannot be installed with."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("kws needs Python 3.11 or newer: make PYTHON=python3.12")
if importlib.util.find_spec("ensurepip") is None:
    sys.exit("this Python has no venv: apt-get install python3-venv")
