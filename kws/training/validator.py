"""A network on the validation streams: its posteriors, and what thresholds make of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from kws.spotting.row_clock import RowClock
from kws.training.networks import StreamNetwork
from kws.training.scoring import stream_posteriors
from kws.training.spectral import Cepstrum
from kws.training.validation import RATES, Point, ValidationStream, frr_at, sweep


class Validator:
    """The validation streams of a run, and all that is needed to hear them."""

    def __init__(
        self,
        streams: Sequence[ValidationStream],
        keywords: Sequence[str],
        cepstrum: Cepstrum,
        clock: RowClock,
        device: torch.device,
    ) -> None:
        self.streams, self.keywords, self.clock = streams, keywords, clock
        self._cepstrum, self._device = cepstrum, device

    def posteriors(self, network: StreamNetwork) -> dict[str, npt.NDArray[np.float32]]:
        """By stream, the posteriors (lanes, R, keywords) of a network."""
        return {
            stream.name: stream_posteriors(network, self._cepstrum, stream.log_mel, self._device)[
                ..., : len(self.keywords)
            ]
            for stream in self.streams
        }

    def points(self, network: StreamNetwork) -> dict[str, list[Point]]:
        """By stream, what each threshold gives."""
        posteriors = self.posteriors(network)
        return {
            stream.name: sweep(posteriors[stream.name], stream, self.keywords, self.clock)
            for stream in self.streams
        }

    def miss_rates(self, points: dict[str, list[Point]]) -> dict[tuple[str, float], float]:
        """By stream of clips and false alarms an hour; the last stream counts the alarms."""
        alarms = self.streams[-1]
        return {
            (name, rate): frr_at(points[name], points[alarms.name], alarms.hours, rate)
            for name in ("clips", "noise")
            for rate in RATES
        }
