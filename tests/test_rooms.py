"""Which room may import which.

A room is a folder, or the files at the bottom of `kws/` (``ground``), or the public names of
`kws/__init__.py` (``kws``).  docs/architecture.md shows the same table to people.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
GROUND, FACADE = "ground", "kws"

ROOMS = {
    GROUND: "",
    "audio": "",
    "spotting": "",
    "events": "spotting",
    "events/server": "events",
    "events/client": "events",
    "daemon": "audio, spotting, events, events/server, events/client",
    "replay": "audio, spotting",
    "corpus": "audio",
    "training": "spotting, corpus",
    "training/pretraining": "spotting, corpus, training",
    "evaluation": "spotting, corpus",
    "monitor": "spotting, events, events/client",
    "benchmark": "audio, spotting, events, events/server, daemon",
    "cli": "audio, spotting, events, events/server, events/client, daemon, replay, corpus, "
    "training, training/pretraining, evaluation, monitor, benchmark",
    FACADE: "spotting, events, events/client",
    "examples": "kws",
    "studies": "spotting, corpus, training, evaluation",
    "benchmarks": "audio, spotting, events, corpus, benchmark, kws, tests/support",
    "scripts": "events, events/client, corpus, monitor, cli, kws, tests/support",
}
"""From the ground up: each room, and the rooms it may import beside itself and the ground."""

LIBRARIES = {
    "sounddevice": ["kws/audio/microphone.py"],
    "zmq": ["kws/events/", "kws/benchmark/latency_subscriber.py"],
    "torch": ["kws/training/", "kws/cli/train.py", "kws/cli/pretrain.py"],
    "onnxruntime": ["kws/training/pretraining/"],
    "python_speech_features": ["kws/training/"],
    "pyroomacoustics": ["kws/training/"],
    "scipy": ["kws/corpus/", "kws/training/", "kws/evaluation/"],
    "matplotlib": ["kws/replay/", "kws/training/", "kws/evaluation/"],
    "typer": ["kws/cli/"],
}
"""Libraries that are heavy, or optional, or do not always load: where in kws they may be used."""

_OUTSIDE = ("examples", "studies", "benchmarks", "scripts")
_HELPERS = "tests/support"
# Programs of other environments, each a script that imports its neighbours as scripts do.
_OTHER_ENVIRONMENTS = "benchmarks/listeners/"


class Import(NamedTuple):
    """One import of a module of ours, or of a library in `LIBRARIES`."""

    importer: str
    """Path of the file, from the root."""
    line: int
    module: str
    """Dotted name of the module that is imported."""


def sources(root: Path, *folders: str) -> Iterator[Path]:
    """Every Python file below some folders of `root`, but for programs of other environments."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if not path.relative_to(root).as_posix().startswith(_OTHER_ENVIRONMENTS):
                yield path


def module_name(root: Path, path: Path) -> str:
    """``kws.audio.ring`` for kws/audio/ring.py, ``kws.audio`` for its ``__init__.py``."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def is_module(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


def imports(root: Path, path: Path) -> Iterator[Import]:
    """All that matter in a file: lazy imports and those for the type checker too."""
    importer = path.relative_to(root).as_posix()
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            # `from kws.events import topics` imports a module, `from kws import Spotter` a name.
            whole = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if is_module(root, name) else base for name in whole]
        else:
            continue
        for name in dict.fromkeys(names):
            if name.partition(".")[0] in LIBRARIES or is_module(root, name):
                yield Import(importer, node.lineno, name)


def room_of(root: Path, module: str) -> str:
    """The room that a module is in; the smallest one, where one room is inside another."""
    parts = module.split(".")
    if parts[0] == "tests":
        return _HELPERS if parts[:2] == ["tests", "support"] else "tests"
    if parts[0] != "kws":
        return parts[0]
    if len(parts) == 1:
        return FACADE
    inner = "/".join(parts[1:3])
    if inner in ROOMS or (len(parts) > 2 and root.joinpath(*parts[:3]).is_dir()):
        return inner
    return parts[1] if root.joinpath(*parts[:2]).is_dir() else GROUND


def all_imports(root: Path) -> list[Import]:
    """Every import of one room's module in another room, or of a library, but for the tests'."""
    return [found for path in sources(root, "kws", *_OUTSIDE) for found in imports(root, path)]


def importing_room(root: Path, found: Import) -> str:
    return room_of(root, module_name(root, root / found.importer))


def allowed(room: str) -> set[str]:
    return {room, GROUND, *filter(None, ROOMS[room].split(", "))}


def complaints(root: Path) -> list[str]:
    """What breaks the plan in the house at `root`."""
    wrong = []
    for path in sources(root, "kws", *_OUTSIDE):
        room = room_of(root, module_name(root, path))
        if room not in ROOMS:
            wrong.append(f"{path.relative_to(root)}: the room {room} is not in the table")
    for found in all_imports(root):
        place = f"{found.importer}:{found.line}"
        library = found.module.partition(".")[0]
        if library in LIBRARIES:
            homes = (*LIBRARIES[library], *(f"{folder}/" for folder in _OUTSIDE))
            if not found.importer.startswith(homes):
                wrong.append(f"{place}: {library} belongs in {', '.join(LIBRARIES[library])}")
            continue
        room, imported = importing_room(root, found), room_of(root, found.module)
        if room in ROOMS and imported not in allowed(room):
            wrong.append(f"{place}: {room} may not import {imported} ({found.module})")
    return wrong


def test_no_room_imports_what_it_may_not() -> None:
    assert complaints(ROOT) == []


def test_no_room_is_allowed_more_than_it_uses() -> None:
    used = {
        (importing_room(ROOT, found), room_of(ROOT, found.module)) for found in all_imports(ROOT)
    }
    idle = [
        f"{room} -> {other}"
        for room in ROOMS
        for other in sorted(allowed(room) - {room, GROUND})
        if (room, other) not in used
    ]
    assert idle == []


def test_every_room_stands_on_those_above_it_in_the_table() -> None:
    """So there is no circle, whatever the table allows."""
    known = {_HELPERS}
    for room in ROOMS:
        known.add(room)
        assert allowed(room) <= known, f"{room} stands on a room further down"


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        (
            "kws/spotting/peek.py",
            "from kws.audio.ring import RingBuffer",
            "kws/spotting/peek.py:1: spotting may not import audio (kws.audio.ring)",
        ),
        (
            "kws/events/late.py",
            "def serve() -> None:\n    from kws.events.server import publisher",
            "kws/events/late.py:2: events may not import events/server "
            "(kws.events.server.publisher)",
        ),
        (
            "kws/corpus/hints.py",
            "if TYPE_CHECKING:\n    import kws.training.recipe",
            "kws/corpus/hints.py:2: corpus may not import training (kws.training.recipe)",
        ),
        (
            "kws/events/client/relative.py",
            "from ..server import publisher",
            "kws/events/client/relative.py:1: events/client may not import events/server "
            "(kws.events.server.publisher)",
        ),
        (
            "kws/daemon/short.py",
            "from kws import Spotter",
            "kws/daemon/short.py:1: daemon may not import kws (kws)",
        ),
        (
            "kws/daemon/heavy.py",
            "def run() -> None:\n    import torch.nn",
            "kws/daemon/heavy.py:2: torch belongs in kws/training/, kws/cli/train.py, "
            "kws/cli/pretrain.py",
        ),
        ("kws/attic/box.py", "", "kws/attic/box.py: the room attic is not in the table"),
        (
            "kws/events/attic/box.py",
            "",
            "kws/events/attic/box.py: the room events/attic is not in the table",
        ),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, file: str, line: str, complaint: str) -> None:
    for name in ("audio/ring", "events/server/publisher", "training/recipe", "__init__"):
        path = tmp_path / "kws" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    planted = tmp_path / file
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(line)
    assert complaints(tmp_path) == [complaint]


def test_the_page_shows_the_table() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `([\w/]+)` \|.*\| ([^|]*) \|$", page.partition("## Rooms")[2], re.M)
    assert {room: may.replace("`", "").replace("—", "") for room, may in rows} == ROOMS


def unused_modules(root: Path) -> list[str]:
    """Modules of kws that nothing needs but, perhaps, the tests.

    Needed is what runs by itself (the command line, every program started by ``python -m``, the
    programs outside kws), the public names, and all that these import.
    """
    files = {module_name(root, path): path for path in sources(root, "kws", *_OUTSIDE)}
    waiting = {name for name, path in files.items() if is_program(name, path)}
    needed = set(waiting)
    while waiting:
        name = waiting.pop()
        for found in imports(root, files[name]):
            # Importing a module runs the packages around it.
            parts = found.module.split(".")
            around = {".".join(parts[: end + 1]) for end in range(len(parts))} & files.keys()
            waiting |= around - needed
            needed |= around
    return sorted(files.keys() - needed)


def is_program(name: str, path: Path) -> bool:
    if not name.startswith("kws.") or name in ("kws.cli", "kws.daemon.__main__"):
        return True
    return 'if __name__ == "__main__":' in path.read_text()


def test_no_module_serves_the_tests_alone(tmp_path: Path) -> None:
    assert unused_modules(ROOT) == []
    for name, text in {"__init__": "", "used": "", "box": "import kws.used"}.items():
        (tmp_path / "kws").mkdir(exist_ok=True)
        (tmp_path / "kws" / f"{name}.py").write_text(text)
    assert unused_modules(tmp_path) == ["kws.box", "kws.used"]
