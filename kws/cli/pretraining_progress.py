"""How a pre-training shows on a terminal."""

from kws.cli.training_progress import TerminalReporter
from kws.training.pretraining.distiller import Errors


class PretrainingReporter(TerminalReporter):
    """A progress bar and a line per validation."""

    def measured(self, errors: Errors) -> None:
        """Print what a validation found."""
        self.note(
            f"step {errors.step:6d}  {errors.minutes:6.1f} min  "
            f"{errors.steps_per_second:4.1f} steps/s  {errors.heard_hours:6.1f} h heard of "
            f"{errors.tape_hours:.1f} h of tape  loss {errors.loss:.3f}  "
            f"error {errors.clean:.3f} of the variance, {errors.noise:.3f} in 10 dB noise"
        )
