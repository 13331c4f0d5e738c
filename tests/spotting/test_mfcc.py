"""The framer: parity with python_speech_features, and the same bits for any cut."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import python_speech_features as psf
from hypothesis import given, settings
from hypothesis import strategies as st

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import Matrices
from kws.spotting.mfcc import Frames, IncrementalMfcc
from kws.spotting.model import Model
from kws.training.feature_matrices import build_matrices

TAPERS = {"hann": np.hanning, "hamming": np.hamming, "rectangular": np.ones}

SPECS = [
    FeatureSpec(floor=0.0),
    FeatureSpec(floor=0.0, window=640, fft=1024, hop=320, lifter=22, window_function="hamming"),
    FeatureSpec(floor=0.0, window=400, hop=160, mels=26, coefficients=13, low_hz=0, high_hz=8000),
    FeatureSpec(floor=0.0, window_function="rectangular", preemphasis=0.0, sample_scale=1.0),
]


def reference(signal: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    """What python_speech_features makes of a float64 signal in [-1, 1]."""
    frames: np.ndarray = psf.mfcc(
        signal * spec.sample_scale,
        samplerate=spec.sample_rate,
        winlen=spec.window / spec.sample_rate,
        winstep=spec.hop / spec.sample_rate,
        numcep=spec.coefficients,
        nfilt=spec.mels,
        nfft=spec.fft,
        lowfreq=spec.low_hz,
        highfreq=spec.high_hz,
        preemph=spec.preemphasis,
        ceplifter=spec.lifter,
        appendEnergy=False,
        winfunc=TAPERS[spec.window_function],
    )
    return frames


def heard(framer: IncrementalMfcc, *pieces: np.ndarray) -> Frames:
    """The frames of a stream that comes in pieces."""
    state, found = framer.initial_state(), []
    for piece in pieces:
        frames, state = framer.step(piece, state)
        found.append(frames)
    return Frames(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("block", [1, 3])
def test_equals_python_speech_features(spec: FeatureSpec, block: int) -> None:
    rng = np.random.default_rng(1)
    signal = rng.standard_normal(24000) * np.linspace(0.001, 0.3, 24000)
    framer = IncrementalMfcc(spec, build_matrices(spec), block, dtype=np.float64)
    frames = heard(framer, signal).mfcc
    whole = (len(signal) - spec.window) // spec.hop + 1
    assert len(frames) == whole // block * block
    np.testing.assert_allclose(frames, reference(signal, spec)[: len(frames)], rtol=0, atol=1e-9)


def test_float32_runtime_is_close_to_float64() -> None:
    spec = FeatureSpec()
    matrices = build_matrices(spec)
    rng = np.random.default_rng(2)
    time = np.arange(48000)
    signal = np.concatenate(
        [
            np.zeros(8000),
            0.9 * np.sin(time * 0.3),  # one loud line: 100 dB between the filters
            rng.standard_normal(16000) * 1e-3,
            rng.uniform(-1, 1, 16000),
        ]
    ).astype(np.float32)
    exact = heard(IncrementalMfcc(spec, matrices, dtype=np.float64), signal).mfcc
    fast = heard(IncrementalMfcc(spec, matrices), signal).mfcc
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, exact, rtol=0, atol=1e-3)


def test_normalises_by_mean_and_deviation() -> None:
    spec = FeatureSpec()
    plain = build_matrices(spec)
    rng = np.random.default_rng(3)
    mean, deviation = rng.normal(size=40), rng.uniform(0.5, 2, 40)
    signal = rng.standard_normal(4000) * 0.1
    raw = heard(IncrementalMfcc(spec, plain, dtype=np.float64), signal).mfcc
    normalising = replace(plain, mean=mean, deviation=deviation)
    frames = heard(IncrementalMfcc(spec, normalising, dtype=np.float64), signal).mfcc
    np.testing.assert_allclose(frames, (raw - mean) / deviation, rtol=0, atol=1e-9)


def test_silence_is_an_ordinary_input() -> None:
    spec = FeatureSpec()
    frames = heard(IncrementalMfcc(spec, build_matrices(spec)), np.zeros(8000, np.float32))
    assert np.isfinite(frames.mfcc).all()
    assert frames.mfcc[0, 0] == pytest.approx(np.log(spec.floor) * np.sqrt(40), abs=1e-3)
    assert (frames.power == 0).all()


def test_power_is_the_mean_square_of_each_window() -> None:
    spec = FeatureSpec()
    signal = np.random.default_rng(4).uniform(-1, 1, 2000)
    power = heard(IncrementalMfcc(spec, build_matrices(spec)), signal).power
    expected = [
        np.mean(signal[i : i + spec.window] ** 2) for i in range(0, 2000 - spec.window, spec.hop)
    ]
    np.testing.assert_allclose(power, expected)


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 6000), max_size=12),
    block=st.sampled_from([1, 2, 3]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_cut_gives_the_same_bits(cuts: list[int], block: int, seed: int) -> None:
    spec = FeatureSpec()
    signal = np.random.default_rng(seed).uniform(-1, 1, 6000).astype(np.float32)
    framer = IncrementalMfcc(spec, build_matrices(spec), block)
    whole = heard(framer, signal)
    for mfcc, power in (
        heard(framer, signal),
        heard(framer, *np.split(signal, sorted(cuts))),
    ):
        assert np.array_equal(mfcc, whole.mfcc)
        assert np.array_equal(power, whole.power)


def test_one_sample_at_a_time_gives_the_same_bits() -> None:
    spec = FeatureSpec()
    signal = np.random.default_rng(5).uniform(-1, 1, 3000).astype(np.float32)
    matrices = build_matrices(spec)
    whole = heard(IncrementalMfcc(spec, matrices, 2), signal).mfcc
    pieces = heard(IncrementalMfcc(spec, matrices, 2), *np.split(signal, len(signal))).mfcc
    assert np.array_equal(pieces, whole)


def test_state_is_a_value() -> None:
    spec = FeatureSpec()
    signal = np.random.default_rng(6).uniform(-1, 1, 5000).astype(np.float32)
    framer = IncrementalMfcc(spec, build_matrices(spec))
    _, state = framer.step(signal[:1234], framer.initial_state())
    first, _ = framer.step(signal[1234:], state)
    again, _ = framer.step(signal[1234:], state)  # going on from it did not change it
    assert np.array_equal(again.mfcc, first.mfcc)


def test_shipped_matrices_are_those_of_python_speech_features(shipped_model: Model) -> None:
    spec = shipped_model.spec.features
    built = build_matrices(spec)
    for name in ("window", "mel", "dct"):
        np.testing.assert_allclose(
            getattr(shipped_model.matrices, name), getattr(built, name), rtol=0, atol=1e-12
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sample_rate", 8000),
        ("sample_scale", 0.0),
        ("window", 1),
        ("hop", 513),
        ("fft", 256),
        ("mels", 0),
        ("low_hz", -1.0),
        ("high_hz", 8001.0),
        ("coefficients", 41),
        ("preemphasis", 1.0),
        ("lifter", -1),
        ("floor", float("nan")),
    ],
)
def test_senseless_field_is_named(field: str, value: float) -> None:
    spec = msgspec.structs.replace(FeatureSpec(), **{field: value})
    with pytest.raises(ModelError, match=rf"features\.{field}"):
        spec.check()


def test_filter_without_a_bin_is_refused() -> None:
    with pytest.raises(ModelError, match="holds no bin"):
        build_matrices(FeatureSpec(mels=128, coefficients=40))


@pytest.mark.parametrize("name", Matrices.__slots__)
def test_array_of_another_shape_is_named(name: str) -> None:
    matrices = replace(build_matrices(FeatureSpec()), **{name: np.zeros(3)})
    with pytest.raises(ModelError, match=rf"features\.{name} has shape"):
        matrices.check(FeatureSpec())
