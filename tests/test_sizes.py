"""Files and functions are short enough to be taken in as a whole."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("kws", "tests", "benchmarks", "studies", "scripts", "examples")
LONGEST_FILE = 300
LONGEST_BODY = 60


def too_long(root: Path) -> Iterator[str]:
    """What is longer than it may be, in the Python files of the repository at `root`."""
    for path in (path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))):
        name, text = path.relative_to(root), path.read_text()
        if len(text.splitlines()) > LONGEST_FILE:
            yield f"{name}: more than {LONGEST_FILE} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                body_lines(node) > LONGEST_BODY
            ):
                yield f"{name}:{node.lineno}: {node.name} has more than {LONGEST_BODY} lines"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring.

    A command declares its options in the signature and its help in the docstring: dozens of lines
    that branch nowhere and change nothing.
    """
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    assert function.end_lineno is not None
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_no_file_and_no_function_is_too_long() -> None:
    assert list(too_long(ROOT)) == []


def test_what_is_too_long_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "kws"
    folder.mkdir()
    body = "    pass\n" * LONGEST_BODY
    (folder / "a.py").write_text(f'def f(\n    x,\n):\n    """Doc."""\n{body}')
    (folder / "b.py").write_text(f"def f():\n{body}    pass\n")
    (folder / "c.py").write_text("pass\n" * LONGEST_FILE)
    (folder / "d.py").write_text("pass\n" * (LONGEST_FILE + 1))
    assert list(too_long(tmp_path)) == [
        f"kws/b.py:1: f has more than {LONGEST_BODY} lines",
        f"kws/d.py: more than {LONGEST_FILE} lines",
    ]
