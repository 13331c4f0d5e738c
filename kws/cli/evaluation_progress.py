"""How far a long evaluation has come, as progress bars on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from kws.evaluation.evaluate import Stage
from kws.evaluation.listeners import Progress as Advance


@contextmanager
def stages() -> Iterator[Stage]:
    """A bar per stage; gives what begins one (see `evaluate.Stage`)."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def begin(description: str, total: int) -> Advance:
            task = progress.add_task(description, total=total)
            return lambda samples: progress.advance(task, samples)

        yield begin
