"""The last boundary around a turn of work: a defect in it does not end the daemon."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kws.errors import KwsError

logger = logging.getLogger(__name__)


@contextmanager
def contained(work: str) -> Iterator[None]:
    """Turn whatever `work` ("the reload") raises into a `KwsError`, with its traceback logged.

    For work that comes from outside: what nobody foresaw costs that one request or reload, and
    what was in force stays in force.
    """
    try:
        yield
    except KwsError:
        raise
    except Exception as error:
        logger.exception("%s met a defect", work)
        raise KwsError(
            f"{work} met a defect ({type(error).__name__}: {error}), its traceback is in the log; "
            "please report it"
        ) from error
