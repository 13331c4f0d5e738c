"""The pages of docs/ and the README name what exists: files, headings, commands, options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from kws.cli.app import app
from kws.errors import KwsError
from kws.events import topics

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("**/README.md")),
    *sorted((ROOT / "models").glob("*/README.md")),
]
TOPICS = (topics.DETECTION, topics.STATE, topics.HEARTBEAT, topics.POSTERIORS, topics.ERROR)
PROGRAM = get_command(app)
SHELLS = {"", "sh", "text", "console", "bash"}
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What `page.md#...` may point at, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ +(.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for name, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", without_code(page)):
        if "://" in name:
            continue
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name} links to {name}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to {name}#{anchor}"


def test_the_index_lists_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"\]\(([\w-]+\.md)\)", index))


def shown_commands(page: Path) -> Iterator[str]:
    """Every `kws ...` that a shell block of `page`, or a code span in its text, shows."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    for language, block in blocks:
        if language in SHELLS:
            for line in block.replace("\\\n", " ").splitlines():
                # One of a pipeline, too, and behind a prompt; not `kws: ` of an error, no table.
                yield from re.findall(r"(?:^(?:\$ )?|\| )(kws \S.*)", line)
    yield from re.findall(r"`(kws [^`]+)`", re.sub(r"\s+", " ", without_code(page)))


def words_of(command: str) -> list[str]:
    """The words up to the end of the command: a pipe, a redirection or a comment."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    end = [index for index, word in enumerate(words) if set(word) <= set("|&;<>()")]
    return words[: end[0]] if end else words


def complaint(command: str) -> str | None:
    """What is wrong with a command line as far as its names go; None if nothing is."""
    program = PROGRAM
    words = words_of(command)[1:]
    while words and hasattr(program, "commands"):
        if words[0] in {"...", "[OPTIONS]", "--version", "--help", "--install-completion"}:
            return None
        name = words.pop(0)
        if name not in program.commands:
            return "no such command"
        program = program.commands[name]
    known = {name for option in program.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help", "-h"}
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    wrong = [option for option in options if option not in known]
    return f"no such option: {', '.join(wrong)}" if wrong else None


@every_page
def test_commands_and_options_exist(page: Path) -> None:
    wrong = {command: complaint(command) for command in shown_commands(page)}
    assert {command: why for command, why in wrong.items() if why is not None} == {}


def test_commands_are_found_and_judged(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Run `kws doctor --device\nUSB`.\n"
        "```console\n$ kws listen --words yes   # a comment\nkws: an error\n```\n"
        "```sh\necho | kws replay - --jsom \\\n    --plot\nkws ctl nope\n```\n"
        "```python\nkws whatever\n```\n"
    )
    found = {command: complaint(command) for command in shown_commands(page)}
    assert list(found) == [
        "kws listen --words yes   # a comment",
        "kws replay - --jsom      --plot",
        "kws ctl nope",
        "kws doctor --device USB",
    ]
    assert list(found.values()) == [None, "no such option: --jsom", "no such command", None]


@every_page
def test_files_of_the_repository_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:kws|tests|benchmarks|scripts|systemd|examples)/[^`\s]*)`", page.read_text()
    )
    files = [
        name for name in named if not name.startswith(TOPICS) and re.fullmatch(r"[\w./-]+", name)
    ]
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_every_exit_code_is_explained() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| ([\d, ]+) \|", page.partition("## Exit codes")[2], re.MULTILINE)
    explained = {int(code) for row in rows for code in row.split(",")}
    assert explained - {0, 2, 130} == {error.exit_code for error in every_error(KwsError)}


def every_error(family: type[KwsError]) -> Iterator[type[KwsError]]:
    yield family
    for child in family.__subclasses__():
        yield from every_error(child)


def test_every_fault_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "kws").glob("**/*.py"))
    codes = set(re.findall(r'(?:report|Finding|ErrorEvent)\(\s*(?:code=)?"(\w+)"', source))
    assert len(codes) > 8
    page = (ROOT / "docs" / "daemon.md").read_text()
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []
