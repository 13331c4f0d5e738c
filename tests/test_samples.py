import pytest

from kws.samples import dbfs


@pytest.mark.parametrize(("mean_square", "level"), [(1.0, 0.0), (1e-4, -40.0), (0.0, -120.0)])
def test_level_in_dbfs(mean_square: float, level: float) -> None:
    assert dbfs(mean_square) == pytest.approx(level)
