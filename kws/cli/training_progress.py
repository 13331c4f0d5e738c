"""How a training shows on a terminal: a progress bar and a line per validation."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from kws.training.progress import Figures


class TerminalReporter:
    """Writes to stderr; without a terminal only the lines and no bar.  Use it in a `with`."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>5.1f} %"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._decoding: TaskID | None = None
        self._training: TaskID | None = None
        self._loss = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def note(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, highlight=False, soft_wrap=True)

    def decoded(self, done: int, total: int) -> None:
        """Move the bar of the decoding, which is done once for a set of recordings."""
        if self._decoding is None:
            self._decoding = self._progress.add_task("decoding", loss="")
        self._progress.update(self._decoding, completed=done, total=total, visible=done < total)

    def stepped(self, share: float, loss: float) -> None:
        """Move the bar of the training."""
        if self._training is None:
            self._training = self._progress.add_task("training", total=1.0, loss="")
            self._loss = loss
        self._loss += 0.02 * (loss - self._loss)
        self._progress.update(self._training, completed=share, loss=f"loss {self._loss:.3f}")

    def validated(self, figures: Figures) -> None:
        """Print what a validation found."""
        self.note(
            f"step {figures.step:6d}  {figures.minutes:6.1f} min  "
            f"{figures.steps_per_second:4.1f} steps/s  loss {figures.loss:.3f}  "
            f"missed at 2 false alarms/h: {figures.frr_clips:6.1%} in near silence, "
            f"{figures.frr_noise:6.1%} in 10 dB noise"
        )
