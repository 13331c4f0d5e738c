"""Augmentation of log mel energies, drawn again at every pass over a tape, and the step to MFCC."""

import torch
from torch import Tensor

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import Matrices


class SpectralAugmentation:
    """An equaliser, band limits, warped filters and masks, drawn per lane.

    Works on energies and not on their logarithm, so that the floor stays where it is: a quieter
    voice sinks into it as it does in the runtime.
    """

    def __init__(self, spec: FeatureSpec, warp: bool = True) -> None:
        """Without `warp` filters listen where they always do, and a voice stays the same voice."""
        self._warp = 0.08 if warp else 0.0
        self._mels = spec.mels
        self._floor = spec.floor

    def draw(self, generator: torch.Generator, lanes: int) -> Tensor:
        """(lanes, mels, mels) matrices from energies to energies: warp, equaliser and limits."""
        mels = self._mels

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator) * (high - low) + low

        band = torch.arange(mels, dtype=torch.float32)
        # A warp moves formants: filter m listens where filter m * factor used to.
        factor = torch.where(
            torch.rand(lanes, generator=generator) < 0.6,
            uniform(1 - self._warp, 1 + self._warp, lanes),
            1,
        )
        source = (band[None] * factor[:, None]).clamp(0, mels - 1)
        warp = (1 - (source[:, None, :] - band[None, :, None]).abs()).clamp(min=0)
        # A smooth equaliser of a few dB and a gain; natural logarithm of power.
        waves = torch.cos(torch.pi * torch.arange(1, 5)[:, None] * (band + 0.5) / mels)
        curve = uniform(-0.6, 0.6, lanes, 4) @ waves + uniform(-1.2, 1.2, lanes, 1)
        narrow = torch.rand(lanes, 2, generator=generator) < 0.08
        low, high = uniform(0, 8, lanes), uniform(27, mels, lanes)
        curve -= 6.0 * (narrow[:, :1] & (band[None] < low[:, None]))
        curve -= 6.0 * (narrow[:, 1:] & (band[None] > high[:, None]))
        return warp * curve.exp()[:, None, :]

    def __call__(self, log_mel: Tensor, matrices: Tensor, generator: torch.Generator) -> Tensor:
        """(B, T, mels) log energies through (B, mels, mels) matrices, and masks over them."""
        energy = (log_mel.exp() - self._floor).clamp_(min=0)
        energy = energy @ matrices
        lanes, frames, mels = energy.shape
        chance = torch.rand(lanes, 2, generator=generator)
        for lane in range(lanes):
            if chance[lane, 0] < 0.3:
                width = int(torch.randint(1, 6, (), generator=generator))
                first = int(torch.randint(0, mels - width, (), generator=generator))
                energy[lane, :, first : first + width] *= 0.01
            if chance[lane, 1] < 0.3:
                width = int(torch.randint(1, 5, (), generator=generator))
                start = int(torch.randint(0, max(1, frames - width), (), generator=generator))
                energy[lane, start : start + width] *= 0.01
        return (energy + self._floor).log()


class Cepstrum:
    """Log mel energies (..., mels) to normalised MFCC (..., coefficients)."""

    def __init__(self, matrices: Matrices, device: torch.device | str = "cpu") -> None:
        self._dct = torch.tensor(matrices.dct / matrices.deviation).float().to(device)
        self._offset = torch.tensor(-matrices.mean / matrices.deviation).float().to(device)

    def __call__(self, log_mel: Tensor) -> Tensor:
        return log_mel @ self._dct + self._offset
