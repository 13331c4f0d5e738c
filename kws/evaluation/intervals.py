"""How far a measured rate may be from the true one: intervals of 95 %."""

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

CONFIDENCE = 0.95

Array = npt.NDArray[np.floating]


def poisson_interval(count: int, hours: float) -> tuple[float, float]:
    """Bounds of a rate per hour of which `count` events were seen in `hours`.

    The exact interval of Garwood (1936).  Without a single event the upper bound is the "rule of
    three", -ln(0.05) / hours, which is one-sided: nothing is known of the lower side.
    """
    if hours <= 0:
        return 0.0, float("inf")
    if count == 0:
        return 0.0, float(-np.log(1 - CONFIDENCE)) / hours
    tail = (1 - CONFIDENCE) / 2
    low = chi2.ppf(tail, 2 * count) / 2
    high = chi2.ppf(1 - tail, 2 * count + 2) / 2
    return float(low) / hours, float(high) / hours


def resampling_weights(rng: np.random.Generator, items: int, replicates: int) -> Array:
    """How often each of `items` is drawn in each bootstrap sample: (replicates, items)."""
    return rng.multinomial(items, np.full(items, 1 / items), size=replicates).astype(np.float64)


def percentile_interval(values: Array) -> tuple[float, float]:
    """The middle 95 % of bootstrap replicates (B,)."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, (tail, 100 - tail))
    return float(low), float(high)


def bootstrap_mean(values: Array, rng: np.random.Generator, replicates: int = 1000) -> Array:
    """Means (B,) of bootstrap samples of `values` (N,)."""
    weights = resampling_weights(rng, len(values), replicates)
    return weights @ np.asarray(values, np.float64) / len(values)
