"""The arrays that turn a window of samples into an MFCC frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec

Array = npt.NDArray[np.float64]

LARGEST_VALUE = 1e6
"""No array of a model holds more, by far; a damaged one could overflow and leave kws deaf."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """What the runtime multiplies with; computed once, when a model is exported.

    They travel inside the model, so that no version of a library can change what a model hears.
    """

    window: Array
    """(window,) taper."""
    mel: Array
    """(fft / 2 + 1, mels) triangular filters, one per column."""
    dct: Array
    """(mels, coefficients) orthonormal DCT-II, with the lifter in it."""
    mean: Array
    """(coefficients,) mean of each coefficient over the training part."""
    deviation: Array
    """(coefficients,) standard deviation of each coefficient over the training part."""

    def check(self, spec: FeatureSpec) -> None:
        """Raise `ModelError` naming the first array whose shape or content does not fit `spec`."""
        for name, shape in {
            "window": (spec.window,),
            "mel": (spec.fft // 2 + 1, spec.mels),
            "dct": (spec.mels, spec.coefficients),
            "mean": (spec.coefficients,),
            "deviation": (spec.coefficients,),
        }.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ModelError(
                    f"features.{name} has shape {array.shape}, the feature fields ask for {shape}"
                )
            if array.dtype not in (np.float32, np.float64):
                raise ModelError(
                    f"features.{name} is of type {array.dtype}, it must be float32 or float64"
                )
            if not (np.abs(array) <= LARGEST_VALUE).all():
                raise ModelError(
                    f"features.{name} holds values that are NaN or beyond {LARGEST_VALUE:g}"
                )
        if (self.deviation < 1 / LARGEST_VALUE).any():
            raise ModelError(f"features.deviation holds values below {1 / LARGEST_VALUE:g}")
        if (self.mel < 0).any():
            raise ModelError("features.mel holds values below 0, which energies cannot be")
