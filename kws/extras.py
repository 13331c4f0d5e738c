"""Optional packages, and what to say where they are missing."""

import importlib.util
from typing import Literal

from kws.errors import MissingExtraError


def require(extra: Literal["plot", "train", "pretrain"], purpose: str, *packages: str) -> None:
    """See, without loading them, that the packages of an extra that `purpose` needs are there.

    Raises:
        MissingExtraError: some are not installed.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"{purpose} needs {' and '.join(missing)}: "
            f"pip install -e '.[{extra}]' in a clone of kws"
        )
