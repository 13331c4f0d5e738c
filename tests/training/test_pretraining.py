"""From recordings to a base, and from a base to a model."""

from pathlib import Path

import pytest
import torch

from kws.cli import main
from kws.errors import ConfigError, DataError
from kws.spotting.model import load_model
from kws.spotting.model_spec import Convolution, NetworkSpec
from kws.training.base import BaseSpec, load_base
from kws.training.checkpoint import load_checkpoint
from kws.training.learning_curve import read_log
from kws.training.pretraining.distiller import Errors
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.run import PretrainingSettings, pretrain
from kws.training.progress import Budget
from tests.support.fake_teacher import FakeTeacher

RECIPE = PretrainingRecipe(
    network=NetworkSpec(
        convolutions=(Convolution(channels=24, kernel=5, stride=2),), layers=(24,), block=2
    ),
    augmentation=("place", "voices"),
    learning_rate=0.01,
    lanes=4,
    tapes=4,
    tape_chunks=4,
    chunk=100,
    passes=2,
    validate_every=1000.0,
)


class Silent:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.errors: list[Errors] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def decoded(self, done: int, total: int) -> None: ...

    def stepped(self, share: float, loss: float) -> None: ...

    def measured(self, errors: Errors) -> None:
        self.errors.append(errors)


class Crashing(Silent):
    """The power fails behind the third validation."""

    def measured(self, errors: Errors) -> None:
        super().measured(errors)
        if len(self.errors) == 3:
            raise RuntimeError("power failure")


def run(
    data: Path,
    out: Path,
    steps: int,
    reporter: Silent | None = None,
    recipe: PretrainingRecipe = RECIPE,
    resume: bool = False,
) -> BaseSpec:
    settings = PretrainingSettings(
        data=str(data), speech=(), noise=(), teacher="nowhere", recipe=recipe
    )
    return pretrain(settings, out, Budget(steps=steps), reporter or Silent(), resume, FakeTeacher)


@pytest.fixture(scope="module")
def base_folder(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base that has learnt from the gliding tones."""
    folder = tmp_path_factory.mktemp("base") / "base"
    run(tiny_corpus, folder, 200)
    return folder


def test_it_learns_to_predict_the_teacher(base_folder: Path) -> None:
    base = load_base(base_folder)
    assert base.spec.metrics["clean"] < 0.4
    assert base.spec.dimensions == 4
    assert base.spec.teacher.licence == "CC0"
    line = read_log(base_folder / "run")[-1]
    assert line["step"] == 200
    # 4 s of 4 lanes at 2 s a chunk; 25 generations of 4 tapes of 8 s, 8 steps on each.
    assert line["heard_hours"] == pytest.approx(200 * 4 * 2 / 3600)
    assert line["tape_hours"] == pytest.approx(25 * 4 * 8 / 3600, rel=0.01)
    card = (base_folder / "README.md").read_text()
    assert "four bands" in card and "CC0" in card and "| 200 |" in card
    manifest = (base_folder / "manifest.tsv").read_text()
    assert "training\tword" in manifest and "testing" not in manifest
    assert (base_folder / "run" / "curve.png").stat().st_size > 0


def test_after_a_crash_it_ends_as_if_nothing_had_happened(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    import msgspec

    often = msgspec.structs.replace(RECIPE, validate_every=1e-9)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(tiny_corpus, whole, 12, recipe=often)
    with pytest.raises(RuntimeError, match="power failure"):
        run(tiny_corpus, broken, 12, Crashing(), often)
    assert load_base(broken).spec.training["steps"] == 3
    reporter = Silent()
    run(tiny_corpus, broken, 12, reporter, resume=True)
    assert "going on after step 3" in reporter.notes
    tensors, _ = load_checkpoint(whole / "run")
    resumed, _ = load_checkpoint(broken / "run")
    assert tensors.keys() == resumed.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-3, atol=1e-3, msg=name)


def test_a_finished_run_is_not_overwritten(tiny_corpus: Path, base_folder: Path) -> None:
    with pytest.raises(ConfigError, match="--resume"):
        run(tiny_corpus, base_folder, 1)


def test_nothing_to_resume(tiny_corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run to resume"):
        run(tiny_corpus, tmp_path / "none", 1, resume=True)


def train(data: Path, out: Path, *more: str) -> int:
    """Run `kws train` in this process; gives back its exit code."""
    quick: tuple[str, ...] = (
        "--without",
        "noise,spectral,faults",
        "--set",
        "lanes=4",
        "--set",
        "tapes=4",
    )
    quick += ("--set", "tape_chunks=4", "--set", "chunk=100", "--words", "rise,fall")
    with pytest.raises(SystemExit) as ended:
        main(["train", str(data), "--out", str(out), *quick, *more])
    return int(ended.value.code or 0)


def test_words_are_put_on_a_base(tiny_corpus: Path, base_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    # A step so small that the network is still the one of the base.
    still = ("--steps", "1", "--set", "learning_rate=1e-9", "--set", "weight_decay=0")
    assert train(tiny_corpus, out, "--base", str(base_folder), *still) == 0
    model, base = load_model(out), load_base(base_folder)
    assert model.spec.network == base.spec.network
    assert model.matrices.mean == pytest.approx(base.matrices.mean)
    learnt = torch.from_numpy(base.network["layers.0.weight_hh_l0"])
    torch.testing.assert_close(torch.from_numpy(model.weights["lstm.0.weight_hh"]), learnt)
    assert model.spec.training["base"]["sha256"] == base.sha256
    assert "four bands" in (out / "README.md").read_text()
    assert train(tiny_corpus, out, "--base", str(base_folder), "--steps", "2", "--resume") == 0


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (["--preset", "gru"], 7, "network of the recipe (preset 'gru') differ"),
        (["--set", 'network={"layers": [8]}'], 7, "network of the recipe"),
        (["--set", 'features={"mels": 20, "coefficients": 20}'], 7, "features of the recipe"),
    ],
)
def test_a_recipe_that_contradicts_its_base(
    tiny_corpus: Path,
    base_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
    code: int,
    message: str,
) -> None:
    out = tmp_path / "model"
    assert train(tiny_corpus, out, "--base", str(base_folder), "--steps", "1", *wrong) == code
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_base_that_is_not_there(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tiny_corpus, tmp_path / "m", "--base", str(tmp_path / "none"), "--steps", "1") == 4
    assert "kws pretrain" in capsys.readouterr().err
