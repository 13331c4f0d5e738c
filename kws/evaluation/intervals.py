"""How far a measured rate may be from the true one: intervals of 95 %."""

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, chi2

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


def binomial_interval(count: int, of: int) -> tuple[float, float]:
    """Bounds of a share of which `count` cases were seen in `of`.

    The exact interval of Clopper and Pearson (1934).  Where no case was seen, or all were, the
    inner bound is one-sided, as above.  Nothing is known of no cases: (0, 1).
    """
    if of == 0:
        return 0.0, 1.0
    tail = 1 - CONFIDENCE if count in (0, of) else (1 - CONFIDENCE) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, of - count + 1))
    high = 1.0 if count == of else float(beta.ppf(1 - tail, count + 1, of - count))
    return low, high


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
