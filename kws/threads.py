"""One thread for the linear algebra; to be imported before numpy is."""

import os

# The products here are far too small for several threads, whose hand-over costs more than the
# product itself. Only effective while numpy is not loaded yet, and the user's own setting wins.
ADDED_ENVIRONMENT = {
    name: "1"
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    if name not in os.environ
}
"""Meant for this process, not for the programs that it starts for a user."""
os.environ.update(ADDED_ENVIRONMENT)
