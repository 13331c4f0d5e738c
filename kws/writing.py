"""Files that are written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from kws.errors import OutputError


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves either the old content or the new.

    Raises:
        OutputError: no space, no permission.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
