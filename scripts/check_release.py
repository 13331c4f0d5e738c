"""Build what would be released, install it in an empty environment, and let it hear words.

    python -m scripts.check_release [FOLDER]

FOLDER (dist/ if not given) receives the source distribution and the wheel, which is built from it.
The exit code is 1 if anything is not as it must be.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

from tests.support.truth import compare, read_truth

ROOT = Path(__file__).resolve().parents[1]


RECORDING = ROOT / "examples" / "recording" / "commands.flac"
FORBIDDEN = {"torch", "scipy", "matplotlib", "pydantic"}
"""What the base install must not bring along, by name of the top folder."""
INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack")
LARGEST_MIB = 120
LEAST_FOUND = 0.8


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """The output of a program; a program that fails ends the check, with what it said."""
    result = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def build(folder: Path, environment: Path) -> Path:
    """Write the source distribution and from it the wheel into `folder`; gives the wheel."""
    for old in folder.glob("kws-*"):
        old.unlink()
    python = make_environment(environment, "build", "twine")
    run(python, "-m", "build", "--outdir", folder, ROOT)
    packages = sorted(folder.glob("kws-*"))
    run(python, "-m", "twine", "check", "--strict", *packages)
    for package in packages:
        print(f"built     {package.name}, {package.stat().st_size / 2**20:.1f} MiB, metadata good")
    return next(folder.glob("kws-*.whl"))


def make_environment(folder: Path, *packages: str | Path) -> Path:
    """A new virtual environment with some packages; gives its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", *packages)
    return python


def weights(site: Path) -> dict[str, float]:
    """MiB on disk of what lies in site-packages, without the installers."""
    return {
        entry.name: sum(file.stat().st_blocks for file in files_below(entry)) / 2048
        for entry in site.iterdir()
        if not entry.name.startswith(INSTALLERS)
    }


def files_below(entry: Path) -> Iterator[Path]:
    """`entry` and, if it is a folder, all that is in it."""
    yield entry
    if entry.is_dir():
        yield from entry.rglob("*")


def faults_of_install(python: Path) -> Iterator[str]:
    """What is wrong with the packages that came along."""
    run(python, "-m", "pip", "check")
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    sizes = weights(site)
    total = sum(sizes.values())
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:6]
    print(f"installed {total:.0f} MiB: " + ", ".join(f"{n} {size:.0f}" for n, size in heaviest))
    if total > LARGEST_MIB:
        yield f"the base install takes {total:.0f} MiB, more than {LARGEST_MIB}"
    for name in sorted(FORBIDDEN & sizes.keys()):
        yield f"the base install brings {name}"


def faults_of_hearing(kws: Path, folder: Path) -> Iterator[str]:
    """What is wrong with what it hears, run in `folder` by a user without settings."""
    print(f"version   {run(kws, '--version', cwd=folder).strip()}")
    lines = run(kws, "replay", "--json", RECORDING, cwd=folder, HOME=str(folder)).splitlines()
    result = compare(read_truth(RECORDING.with_suffix(".tsv")), map(json.loads, lines))
    keywords = len(result.hits) + len(result.missed)
    alarms = len(result.false_alarms)
    print(f"heard     {len(result.hits)} of {keywords} keywords, {alarms} false alarms")
    if result.found < LEAST_FOUND:
        yield f"it finds {len(result.hits)} of {keywords} keywords only"
    if alarms > keywords * (1 - LEAST_FOUND):
        yield f"it has {alarms} false alarms"


def main(folder: Path) -> None:
    """Run the whole check."""
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        empty = temporary / "empty"
        empty.mkdir()
        wheel = build(folder, temporary / "tools")
        python = make_environment(temporary / "installed", wheel)
        print(f"python    {run(python, '--version').split()[1]}")
        faults = [
            *faults_of_install(python),
            *faults_of_hearing(python.with_name("kws"), empty),
        ]
    if faults:
        sys.exit("\n".join(f"fault     {fault}" for fault in faults))
    print("good")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
