"""What the report counts, and that it holds no text unless it is asked to."""

from __future__ import annotations

import random
import re

import polars as pl
import pytest
import tokenizers
from click.testing import CliRunner

import polars_jslner as jn
from polars_jslner.cli import _cli
from polars_jslner.html.report import report
from polars_jslner.html.statistics import Examples, Top
from polars_jslner.options import token_options
from polars_jslner.pipeline import count_windows

LABELS = ("Drug", "Symptom", "Test")


def words(page):
    """Return what a reader sees of a page, in one line."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.fixture
def notes():
    """Return 300 notes of made-up words, of which every entity is one."""
    rng = random.Random(5)
    letters = "bcdfghjklmnprstvz"
    rows = []
    for i in range(300):
        tokens = ["".join(rng.choices(letters, k=9)) for _ in range(rng.randrange(40))]
        if i % 3 == 0 and tokens:
            tokens[0] = "Paracetamol"
        text = " ".join(tokens)
        found, at = [], 0
        for token in tokens:
            if rng.random() < 0.5 or token == "Paracetamol":
                label = "Drug" if token == "Paracetamol" else rng.choice(LABELS)
                found.append(
                    {
                        "text": token,
                        "label": label,
                        "start": at,
                        "end": at + len(token),
                        "score": rng.random(),
                        "sentence": 0,
                    }
                )
            at += len(token) + 1
        rows.append((text, found))
    rows[7] = (None, None)
    rows[8] = ("   ", [])
    rows[9] = ("qwxqwxqwx", [])
    schema = {"text": pl.String, "entities": jn.schema.ENTITIES}
    return pl.DataFrame(rows, schema, orient="row")


@pytest.fixture
def file(notes, tmp_path):
    notes.write_parquet(tmp_path / "notes.parquet", row_group_size=70)
    return tmp_path / "notes.parquet"


def secrets(notes):
    return {
        word
        for text in notes["text"].drop_nulls()
        for word in text.split()
        if word != "Paracetamol"
    }


def test_no_text_is_in_the_report(notes, file):
    page = report(file)
    assert len(secrets(notes)) > 3000
    assert not [word for word in secrets(notes) if word in page]
    assert "Paracetamol" not in page
    assert "holds no text of notes" in page


def test_frequent_entities_only_if_asked_for(notes, file):
    page = report(file, top=3)
    assert "paracetamol" in page
    assert not [word for word in secrets(notes) if word in page]
    assert "Treat it as patient data" in page
    # One of the made-up words stands in one text, and no limit is kept to.
    rare = report(file, top=3, min_texts=1)
    assert len([word for word in secrets(notes) if word in rare]) == 2 + 3 + 3


def test_examples_only_if_asked_for(notes, file):
    page = report(file, examples=4)
    shown = {word for word in secrets(notes) if word in page}
    holding = notes.drop_nulls().filter(
        pl.col("text").map_elements(
            lambda t: bool(shown & set(t.split())), return_dtype=pl.Boolean
        )
    )
    assert len(holding) == 4
    assert page.count("<article>") == 4
    assert "Treat it as patient data" in page


def test_counts(notes, file):
    page = words(report(file))
    found = notes.explode("entities").drop_nulls().unnest("entities", separator=".")
    per_label = found.group_by("entities.label").agg(
        pl.len(), pl.col("entities.score").mean()
    )
    n_texts = notes.filter(pl.col("text").str.strip_chars() != "")
    for label, n, mean in per_label.iter_rows():
        holding = n_texts.filter(
            pl.col("entities")
            .list.eval(pl.element().struct.field("label") == label)
            .list.any()
        )
        share = f"{100 * len(holding) / len(n_texts):.0f} %"
        assert f"{label} {n:,} {share} {mean:.2f}" in page
    nothing = n_texts.filter(pl.col("entities").list.len() == 0)
    assert f"Text, but nothing was found {len(nothing)} " in page
    assert "Null 1 0.3 %" in page
    blank = notes.filter(pl.col("text").str.strip_chars() == "")
    assert f"Empty or blank {len(blank)} " in page
    rows = notes.with_row_index().join(nothing, on="text", how="semi")["index"]
    assert ", ".join(map(str, rows.head(20))) in page
    assert f"{len(notes)} rows" in words(report(file)).replace("rows 300", "300 rows")


def test_row_groups_and_files_are_one(notes, file, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    notes[:100].write_parquet(folder / "a.parquet")
    notes[100:].write_parquet(folder / "b.parquet", row_group_size=3)
    (folder / "other.txt").write_text("not read")
    one, two = words(report(file, top=3)), words(report(folder, top=3))
    end = "How it was made"
    assert (
        one[: one.index(end)].replace("notes.parquet", "2 files")
        == (two[: two.index(end)])
    )
    assert "Made from a.parquet, b.parquet" in two


def test_top_counts_over_tables():
    top = Top(2, 2)
    for texts in (["A", "b", "a"], ["B", "a", "c"]):
        top.add(pl.DataFrame({"row": [0, 1, 2], "label": ["X"] * 3, "text": texts}))
    assert top.table().rows() == [("X", "a", 3, 3), ("X", "b", 2, 2)]


@pytest.mark.parametrize("size", [1, 3, 10])
def test_examples_are_spread_and_never_blank(size):
    texts = pl.Series([None, "", "c", None, " ", "f", "g", None, None, None])
    examples = Examples(5, len(texts))
    for at in range(0, len(texts), size):
        part = texts.slice(at, size)
        examples.add(part, pl.Series([[]] * len(part)))
    # Due from rows 0, 2, 4, 6 and 8 on; behind the last text there is none.
    assert [(e.row, e.text) for e in examples.found] == [(2, "c"), (5, "f"), (6, "g")]


def test_what_the_files_say_of_themselves(tmp_path, tiny):
    texts = ["Chest pain since May. Takes aspirin.", None, "Denies fever. " * 30]
    (tmp_path / "in").mkdir()
    pl.DataFrame({"note": texts}).write_parquet(tmp_path / "in" / "n.parquet")
    jn.annotate_files(
        tmp_path / "in",
        tmp_path / "out",
        text="note",
        output="found",
        model=tiny,
        min_score=0.25,
        max_tokens=8,
        progress=False,
    )
    page = words(report(tmp_path / "out"))
    assert "Not counted: the model is not a bundled one; name it with --model." in page
    assert "min_score=0.25" in page
    assert jn.load_model(tiny).name in page
    page = words(report(tmp_path / "out", model=tiny))
    windows = count_windows(pl.Series(texts), token_options(tiny, max_tokens=8)).sum()
    counted = windows.row(0, named=True)
    said = f"{counted['windows']:,} windows for {counted['sentences']:,} sentences"
    assert said in page
    assert "up to 8 tokens" in page
    with pytest.raises(jn.OptionError, match="is not the model with which"):
        report(tmp_path / "out", model="clinical_slim")


def test_windows_are_those_that_the_model_reads(tiny):
    texts = pl.Series(["Chest pain, " * 40 + ".", None, "", "Fever. No cough."])
    options = token_options(tiny, max_tokens=16)
    tokenizer = tokenizers.Tokenizer.from_file(jn.load_model(tiny).tokenizer)
    tokenizer.no_truncation()
    counts = count_windows(texts, options)
    for text, (sentences, tokens, windows) in zip(texts, counts.rows(), strict=True):
        found = pl.Series([text]).jslner.sentences()[0]
        spans = [] if found is None else found.to_list()
        lengths = [
            len(tokenizer.encode(s["text"], add_special_tokens=False).ids)
            for s in spans
        ]
        assert (sentences, tokens) == (len(spans), sum(lengths))
        capacity, shared = 16 - 2, options.overlap
        # The fewest windows that share that many tokens with their neighbour.
        fewest = [
            1 if n <= capacity else 1 - (capacity - n) // (capacity - shared)
            for n in lengths
        ]
        assert windows == sum(fewest)
    assert counts["windows"][0] > 1


def test_texts_need_not_be_in_the_file(notes, tmp_path):
    notes.select("entities").write_parquet(tmp_path / "e.parquet")
    page = words(report(tmp_path / "e.parquet", examples=3))
    assert "Not known: the texts are not in the file." in page
    assert "Not counted: the texts are not in the file." in page
    assert "Entities are null 1" in page


def test_entities_of_others_may_lack_a_label_and_a_score(tmp_path):
    entity = {"label": None, "start": 0, "end": 7, "score": float("nan")}
    frame = pl.DataFrame({"text": ["aspirin"], "entities": [[entity]]})
    path = tmp_path / "odd.parquet"
    frame.write_parquet(path)
    page = report(path)
    assert "None" in page
    assert "nan" not in page.casefold()


def test_files_without_rows_and_without_entities(tmp_path):
    schema = {"text": pl.String, "entities": jn.schema.ENTITIES}
    pl.DataFrame(schema=schema).write_parquet(tmp_path / "e.parquet")
    page = words(report(tmp_path / "e.parquet", examples=1, top=1))
    assert "No entities." in page
    assert "There are no texts." in page
    pl.DataFrame({"text": ["a"], "entities": [None]}).write_parquet(
        tmp_path / "e.parquet"
    )
    assert "not annotated (entities are null) 1" in words(
        report(tmp_path / "e.parquet")
    )


@pytest.mark.parametrize(
    ("frame", "options", "error", "said"),
    [
        ({"text": ["a"]}, {}, jn.InputTypeError, "no column 'entities'"),
        ({"entities": [[]]}, {"text": "note"}, jn.InputTypeError, "no column 'note'"),
        ({"entities": ["a"]}, {}, jn.InputTypeError, "List\\(Struct\\)"),
        (
            {"entities": [[{"label": "a", "score": "secret"}]]},
            {},
            jn.InputTypeError,
            "'score' is String",
        ),
        ({"entities": [[]]}, {"examples": "a"}, jn.OptionError, "examples='a'"),
        ({"entities": [[]]}, {"top": -1}, jn.OptionError, "top=-1 is not a whole"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, frame, options, error, said):
    pl.DataFrame(frame).write_parquet(tmp_path / "e.parquet")
    with pytest.raises(error, match=said):
        report(tmp_path / "e.parquet", **options)


def test_files_with_a_row_for_each_entity_are_told(tmp_path, tiny):
    notes = pl.DataFrame({"id": [1], "text": ["Chest pain."]})
    notes.write_parquet(tmp_path / "n.parquet")
    out = tmp_path / "out"
    jn.annotate_files(
        tmp_path / "n.parquet", out, model=tiny, explode=True, progress=False
    )
    with pytest.raises(jn.InputTypeError, match="a row for each text is needed"):
        report(out)


def run(*arguments):
    return CliRunner().invoke(_cli, ["report", *map(str, arguments)])


def test_command_line(file, tmp_path):
    done = run(file, "-o", tmp_path / "page.html", "--top", "2", "--min-texts", "9")
    assert (done.exit_code, done.output) == (0, "")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == report(file, top=2, min_texts=9)
    assert run(file, "-o", "-").stdout == report(file)


def test_mistakes_on_the_command_line(file, tmp_path):
    before = file.read_bytes()
    done = run(file, "-o", file)
    assert done.exit_code == 2
    assert "no page" in done.output
    assert file.read_bytes() == before
    done = run(file, "-o", tmp_path / "nowhere" / "page.html")
    assert done.exit_code == 1
    assert "cannot be written" in done.output
    done = run(tmp_path / "nothing", "-o", tmp_path / "page.html")
    assert done.exit_code == 2
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 broken")
    done = run(tmp_path / "broken.parquet", "-o", tmp_path / "page.html")
    assert done.exit_code == 1
    assert "cannot be read" in done.output
