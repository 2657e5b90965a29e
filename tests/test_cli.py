"""The command line: what it prints, its exit codes, and that it never shows a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import polars as pl
import pytest
from click.testing import CliRunner

import polars_jslner as jn
from polars_jslner.cli import _cli, display

NOTE = "Denies chest pain. BP 120/80, takes aspirin."


@pytest.fixture
def run(tiny, monkeypatch):
    """Return a function that runs a command with the tiny model."""
    monkeypatch.setenv("POLARS_JSLNER_MODEL", tiny)

    def call(*arguments, code=0, stdin=None):
        done = CliRunner().invoke(_cli, [*map(str, arguments)], input=stdin)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done

    return call


@pytest.fixture
def notes(tmp_path):
    frame = pl.DataFrame({"id": [1, 2, 3], "text": [NOTE, None, "ECG normal."]})
    (tmp_path / "notes").mkdir()
    frame.write_parquet(tmp_path / "notes" / "a.parquet")
    return frame


def test_version(run):
    printed = run("--version").stdout.splitlines()
    assert printed[0] == f"polars-jslner {jn.__version__}"
    assert "polars " in printed[1]


@pytest.mark.parametrize("command", sorted(_cli.commands))
def test_every_option_has_help(run, command):
    assert "--help" in run(command, "-h").stdout
    for parameter in _cli.commands[command].params:
        assert parameter.param_type_name == "argument" or parameter.help


def test_mistakes_are_told_in_a_line(run, tmp_path):
    for arguments, said in [
        (["text", "x", "--label", "Drugs"], "Did you mean 'Drug'"),
        (["text", "x", "--model", "clinical_slm"], "Did you mean 'clinical_slim'"),
        (["text", "x", "--rename", "Drug"], "OLD=NEW"),
        (["annotate", tmp_path / "none", tmp_path / "out"], "no files"),
        (["annotate", tmp_path, tmp_path / "out", "--shard", "2"], "I/N"),
        (["annotate", tmp_path, tmp_path / "out", "--shard", "2/2"], "shard"),
        (["annotate", "-", tmp_path], "- goes with -"),
        (["models", "describe", "clinical_slm"], "clinical_slim"),
        (["evaluate", "a.txt", "b.parquet"], "suffixes"),
        (["evaluate", "a.parquet", "b.parquet"], "does not exist"),
        (["anotate"], "annotate"),
    ]:
        done = run(*arguments, code=2)
        assert said in done.stderr
        assert done.stdout == ""


def test_annotate(run, notes, tmp_path):
    done = run(
        "annotate", tmp_path / "notes", tmp_path / "out", "-c", "id", "-o", "found"
    )
    assert done.stdout == ""
    assert done.stderr.startswith("1 file: 1 done, 0 done before, 0 failed; 3 rows")
    found = pl.read_parquet(tmp_path / "out" / "a.parquet")
    expected = notes.select("id", jn.entities("text").alias("found"))
    assert found.equals(expected)
    again = run(
        "annotate", tmp_path / "notes", tmp_path / "out", "-c", "id", "-o", "found"
    )
    assert again.stderr.startswith("1 file: 0 done, 1 done before")
    other = run("annotate", tmp_path / "notes", tmp_path / "out", code=2)
    assert 'columns was ["id"] and is the default' in other.stderr


def test_annotate_tells_failed_files_with_exit_code_1(run, notes, tmp_path):
    (tmp_path / "notes" / "b.parquet").write_bytes(b"x" * 100)
    done = run("annotate", tmp_path / "notes", tmp_path / "out", code=1)
    assert "1 done, 0 done before, 1 failed" in done.stderr
    assert "b.parquet' cannot be read as parquet" in done.stderr
    strict = ["annotate", tmp_path / "notes", tmp_path / "new", "--on-error", "raise"]
    assert "b.parquet" in run(*strict, code=1).stderr


def test_interrupted(run, notes, tmp_path, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("polars_jslner.files.annotate_files", interrupt)
    done = run("annotate", tmp_path / "notes", tmp_path / "out", code=130)
    assert "goes on from here" in done.stderr


def test_pipe(run):
    rows = [{"id": 1, "text": NOTE}, {"id": 2, "text": None}, {"id": 3, "text": "é x"}]
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    printed = run("annotate", "-", "-", stdin=lines).stdout.splitlines()
    found = [json.loads(line) for line in printed]
    assert [{k: row[k] for k in ("id", "text")} for row in found] == rows
    expected = pl.Series([row["text"] for row in rows]).jslner.entities().to_list()
    assert found[1]["entities"] is None
    assert [e["text"] for e in found[0]["entities"]] == [e["text"] for e in expected[0]]
    exploded = run("annotate", "-", "-", "--explode", stdin=lines).stdout.splitlines()
    assert json.loads(exploded[0]).keys() == {"id", *jn.schema.ENTITY.to_schema()}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("secret", "line 2 of standard input is no JSON object"),
        ("[1]", "line 2 of standard input is no JSON object"),
        ('{"a": "secret"}', "line 2 of standard input: 'text' is not there"),
        ('{"text": 5}', "line 2 of standard input: 'text' is no string"),
    ],
)
def test_pipe_names_the_line_and_quotes_nothing(run, line, said):
    lines = f'{{"text": "a"}}\n{line}\n'
    done = run("annotate", "-", "-", stdin=lines, code=1)
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert json.loads(done.stdout)["text"] == "a"  # what stood before it


def test_text_in_a_pipe_has_no_colour(run):
    printed = run("text", NOTE).stdout
    assert "\x1b" not in printed
    found = pl.Series([NOTE]).jslner.entities().to_list()[0]
    for entity in found:
        assert f"[{entity['text']}|{entity['label']}]" in printed
    assert len(printed.splitlines()) == 1 + 1 + 1 + len(found)
    assert (
        run("text", stdin=NOTE).stdout == run("text", "-", stdin=NOTE).stdout == printed
    )


def test_text_as_json(run):
    lines = run("text", NOTE, "--json").stdout.splitlines()
    found = pl.Series([NOTE]).jslner.entities().to_list()[0]
    assert [json.loads(line)["label"] for line in lines] == [e["label"] for e in found]


def test_text_without_entities(run):
    assert run("text", "").stdout == "\n\nNo entities.\n"


def test_models(run):
    assert "clinical_slim" in run("models").stdout
    assert "24  labels" in run("models", "describe").stdout
    assert "the model runs" in run("models", "verify").stdout


def test_verify_finds_damage(run, tmp_path):
    from polars_jslner.models import load_model

    slim = load_model("clinical_slim")
    folder = tmp_path / "copy"
    shutil.copytree(slim.onnx.removesuffix("model.onnx"), folder)
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    assert (
        "tokenizer.json' is damaged" in run("models", "verify", folder, code=1).stderr
    )


@pytest.mark.parametrize("storage", ["int8", "fp16", "fp32"])
def test_convert(run, tiny, tmp_path, storage):
    made = tmp_path / "made"
    done = run("convert", tiny, made, "--storage", storage)
    assert done.stdout.startswith(f"{made}: bert-cased, {storage}, ")
    assert "2 checksums agree, and the model runs" in (
        run("models", "verify", made).stdout
    )
    assert run("text", NOTE, "--model", made).stdout.count("\n") > 3
    again = run("convert", tiny, made, code=2)
    assert "there already" in again.stderr
    absent = run("convert", tmp_path / "absent", tmp_path / "other", code=2)
    assert "no model at" in absent.stderr
    assert not (tmp_path / "other").exists()


def test_completion_knows_commands_and_choices():
    from click.shell_completion import BashComplete

    completer = BashComplete(_cli, {}, "polars-jslner", "_POLARS_JSLNER_COMPLETE")

    def complete(arguments, incomplete):
        return [c.value for c in completer.get_completions(arguments, incomplete)]

    assert complete([], "con") == ["convert"]
    assert complete(["convert", "--storage"], "") == ["int8", "fp16", "fp32"]
    assert complete(["models"], "v") == ["verify"]
    for arguments in (["annotate"], ["convert", "a"], ["text", "-m"], ["evaluate"]):
        (only,) = completer.get_completions(arguments, "")
        assert only.type == "file"


def test_the_bar_moves_on_a_terminal(notes, tiny, tmp_path):
    """Rates and the share of repeated sentences, within 80 columns."""
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    many = pl.concat([notes] * 50).with_columns(id=pl.int_range(pl.len()))
    many.write_parquet(tmp_path / "notes" / "b.parquet")
    program = "from polars_jslner.cli import main; main()"
    places = [tmp_path / "notes", tmp_path / "out"]
    command = [sys.executable, "-c", program, "annotate", *places, "-m", tiny]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(command, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not read:
                break
            shown += read
    os.close(ours)
    assert process.returncode == 0
    bars = [bar for bar in shown.decode().split("\r") if "% |" in bar]
    assert max(map(len, bars)) <= 80
    assert any("0/2 files, starting" in bar for bar in bars)
    assert "2/2 files" in bars[-1]
    assert "rows/s" in bars[-1]
    assert "words/s" in bars[-1]
    assert "98% repeated" in bars[-1]
    assert NOTE[:10] not in shown.decode()


def test_evaluate(run, notes, tmp_path):
    gold = notes.with_columns(jn.entities("text"))
    gold.write_parquet(tmp_path / "gold.parquet")
    gold.reverse().write_parquet(tmp_path / "found.parquet")
    files = [tmp_path / "gold.parquet", tmp_path / "found.parquet"]
    printed = run("evaluate", *files, "--key", "id").stdout
    assert "micro average" in printed
    assert "1.0000" in printed
    lines = run("evaluate", *files, "--key", "id", "--json").stdout.splitlines()
    assert {json.loads(line)["f1"] for line in lines} == {1.0}
    wrong = run("evaluate", *files, "--column", "entites", code=1)
    assert "Did you mean 'entities'" in wrong.stderr


@pytest.mark.parametrize("limit", [10, 20, 80])
def test_wrap_keeps_every_word_within_the_width(limit):
    text = "Denies chest pain.\n\nBP 120/80 漢字漢字漢字漢字漢字漢字 " + "x" * 35
    pieces = [(text[:7], None), (text[7:12], "red"), (text[12:], None)]
    shown = display.wrap(pieces, limit, colour=False)
    assert all(display.columns_of(line) <= limit for line in shown.split("\n"))
    assert "".join(shown.split()) == "".join(text.split())
    coloured = display.wrap(pieces, limit, colour=True)
    assert "\x1b[31mchest\x1b[0m" in coloured
    assert coloured.replace("\x1b[31m", "").replace("\x1b[0m", "") == shown


def test_wrap_keeps_a_full_stop_with_its_word():
    pieces = [("takes ", None), ("aspirin", "red"), (". Then", None)]
    assert display.wrap(pieces, 14, colour=False) == "takes aspirin.\nThen"
    assert display.wrap(pieces, 13, colour=False) == "takes\naspirin. Then"


def test_what_controls_a_terminal_is_made_visible():
    shown = display.printable("a\x1b[2Jb\r\n\tc\x9b\u202e")
    assert shown == "a␛[2Jb\n c��"


def test_table_fits_the_terminal():
    rows = [["a very long entity of forty characters ....", "Drug", "1"]]
    lines = display.table(("text", "label", "n"), rows, right=("n",), limit=30).split(
        "\n"
    )
    assert [display.columns_of(line) for line in lines] == [30, 30]
    assert "…" in lines[1]


@pytest.mark.parametrize(
    ("variables", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours(monkeypatch, variables, terminal, expected):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    assert display.coloured() is expected
