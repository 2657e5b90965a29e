"""The speed table: every system on the same notes and weights, in one run.

    python -m benchmarks.setup --data FOLDER          # once: the model and the others
    python -m benchmarks.speed --data FOLDER          # everything, some 25 minutes
    python -m benchmarks.speed --quick                # under a minute, no folder needed

Each row is a process of its own. All are loaded, then their entities are compared with
ours, then they are timed in rounds, one after the other, so that a change of the
machine's speed meets all alike. Rates are of medians. FOLDER, which may also stand in
POLARS_JSLNER_DATA, is described in `training/README.md`; what `benchmarks.setup` makes
lies in ``work/bench`` (``--work``, POLARS_JSLNER_BENCH).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
import os
import re
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks import corpora
from benchmarks.corpora import Corpus
from benchmarks.environments import ROOT, Work, work_folder
from benchmarks.experiments import EXPERIMENTS, Setting
from benchmarks.process import Entities, Process, WorkerError
from benchmarks.rows import BUNDLED, BUNDLED_CEILING, CEILING, OURS, Row, all_rows
from polars_jslner import config
from polars_jslner.bench import machine
from polars_jslner.bench.ceiling import Ceiling
from polars_jslner.bench.notes import make_notes
from polars_jslner.cli.display import table
from polars_jslner.models import load_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = ROOT / "benchmarks" / "results"
CORPORA = ("ordinary", "half repeated", "one line", "very long")
QUICK_NOTES = 8
FOLDERS = re.compile(r"(--(?:data|work)[ =])\S+")  # where they are is nobody's business


@dataclass
class Timed:
    """What is known of a row over a corpus."""

    row: Row
    process: Process
    options: dict[str, Any]
    agreement: str = ""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    peak_mb: float = float("nan")

    @property
    def best(self) -> tuple[str, float]:
        """The fastest options, by the median of the rounds, and that median."""
        medians = {key: statistics.median(s) for key, s in self.seconds.items() if s}
        key = min(medians, key=medians.__getitem__)
        return key, medians[key]


def main() -> None:
    """Print the tables and keep the record."""
    arguments = read_arguments()
    before = machine.describe()
    say(machine.summary(before))
    if arguments.require_quiet and not machine.quiet(before):
        sys.exit("Refused: other work is running (--require-quiet was given).")
    work = work_folder(arguments.work)
    for folder in ("logs", "texts"):
        (work.folder / folder).mkdir(parents=True, exist_ok=True)
    threads = config.n_threads()
    rows = chosen_rows(arguments, work, threads)
    record: dict[str, Any] = {
        "began": now(),
        "command": FOLDERS.sub(r"\1FOLDER", " ".join(sys.argv[1:])),
        "quick": arguments.quick,
        "threads": threads,
        "machine": before,
        "corpora": {},
        "experiments": {},
    }
    for corpus in chosen_corpora(arguments):
        named = [r for r in rows if not r.corpora or corpus.name in r.corpora]
        rounds = arguments.rounds
        if corpus.name in CORPORA[1:]:
            named = [dataclasses.replace(row, sweep=False) for row in named]
            rounds = arguments.fewer
        record["corpora"][corpus.name] = compare(corpus, named, work, rounds)
        if not arguments.quick:
            save(record)
    if arguments.parts:
        setting = Setting(
            data=Path(arguments.data).absolute(),
            folder=work.folder,
            models=models(work),
            rounds=arguments.rounds,
            most_rows=arguments.rows,
            streamed_rows=arguments.streamed_rows,
            threads=threads,
        )
        for part in arguments.parts:
            found = EXPERIMENTS[part](setting)
            print(f"\n{found.title}\n")
            print(table(found.columns, found.rows, right=found.columns[1:]))
            record["experiments"][part] = found.raw
            save(record)
    record["ended"], record["load_at_end"] = now(), machine.describe()["load"]
    if not arguments.quick:
        say(f"kept in {save(record)}")


def read_arguments() -> argparse.Namespace:
    """Return the arguments, with what --quick leaves out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, default=os.environ.get("POLARS_JSLNER_DATA"))
    add("--work", type=Path, help="where benchmarks.setup put things")
    add("--quick", action="store_true", help="few made-up notes, no slow systems")
    add("--corpora", nargs="*", choices=CORPORA, default=list(CORPORA))
    add("--parts", nargs="*", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    add("--only", metavar="REGEX", help="rows whose name has it; ours is always there")
    add("--words", type=int, default=6_000, help="of each corpus, about")
    add("--rounds", type=int, default=5, help="of ordinary notes")
    add("--fewer", type=int, default=3, help="rounds of the other corpora")
    add("--rows", type=int, default=10_000, help="the most of the scaling table")
    add("--streamed-rows", type=int, default=1_000_000, help="of the memory table")
    add("--require-quiet", action="store_true", help="refuse a machine with other work")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.parts, arguments.rounds = [], 3
    elif arguments.data is None:
        parser.error("--data FOLDER (or POLARS_JSLNER_DATA) is needed, or --quick.")
    return arguments


def chosen_corpora(arguments: argparse.Namespace) -> Iterator[Corpus]:
    """Yield the corpora that were asked for."""
    if arguments.quick:
        yield corpora.make("made-up notes", make_notes(QUICK_NOTES))
        return
    found = corpora.read(Path(arguments.data), arguments.words)
    for name in arguments.corpora:
        yield found[name]


def chosen_rows(arguments: argparse.Namespace, work: Work, threads: int) -> list[Row]:
    """Return the rows that can run, and say which cannot and how they could."""
    rows = all_rows(work, threads)
    if arguments.only:
        wanted = re.compile(arguments.only)
        rows = [r for r in rows if r.name == OURS or wanted.search(r.name)]
    if arguments.quick:
        rows = [as_quick(row) for row in rows if row.quick]
    absent = [row for row in rows if not is_set_up(row, work)]
    for row in absent:
        say(f"not set up: {row.name}")
    if absent:
        say("python -m benchmarks.setup --data FOLDER sets them up.")
    return [row for row in rows if row not in absent]


def models(work: Work) -> dict[str, str]:
    """Return the models that the tables of the library alone are made with."""
    six = {"six layers, fp32": str(work.model)} if work.model.is_dir() else {}
    return six | {"default": load_model().name}


def as_quick(row: Row) -> Row:
    """Return a row that tries every other of its options only."""
    few = row.candidates[1::2] or row.candidates
    return dataclasses.replace(row, corpora=(), candidates=few)


def is_set_up(row: Row, work: Work) -> bool:
    """Say whether the environment and the model of a row are there."""
    model = row.load["model"]
    there = model is None or not Path(model).is_absolute() or Path(model).is_dir()
    return there and work.python(row.environment).exists()


def compare(
    corpus: Corpus, rows: Sequence[Row], work: Work, rounds: int
) -> dict[str, Any]:
    """Load the rows, compare their entities, time them, print the table."""
    texts = work.folder / "texts"
    whole = corpus.write(texts / f"{corpus.name}.jsonl")
    first = part(corpus, 1).write(texts / "first.jsonl")
    third = part(corpus, max(1, len(corpus.texts) // 3)).write(texts / "third.jsonl")
    failed: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        timed: list[Timed] = []
        for row in rows:
            say(f"{corpus.name}: loading {row.name}")
            log = work.folder / "logs" / f"{re.sub(r'[^a-z0-9]+', '-', row.name)}.log"
            process = Process(work.python(row.environment), row.module, row.load, log)
            stack.callback(process.close)
            try:
                process.wait_until_loaded(first)
                options = fastest(process, row, third)
                timed.append(Timed(row, process, options))
            except WorkerError as error:
                failed[row.name] = str(error)
                say(f"{row.name} failed: {error}")
        compare_entities(timed, whole)
        for number in range(rounds):
            say(f"{corpus.name}: round {number + 1} of {rounds}")
            for one in timed:
                swept = one.row.candidates if one.row.sweep else (one.options,)
                for options in swept:
                    seconds = one.process.run(whole, options)
                    one.seconds.setdefault(told(options), []).append(seconds)
        for one in timed:
            one.peak_mb = one.process.peak_mb()
    print_table(corpus, timed, failed, count_pieces(corpus))
    return as_record(corpus, timed, failed)


def part(corpus: Corpus, n_texts: int) -> Corpus:
    """Return the first texts of a corpus."""
    return Corpus(corpus.name, corpus.texts[:n_texts], corpus.sentences[:n_texts])


def fastest(process: Process, row: Row, texts: Path) -> dict[str, Any]:
    """Try the options of a row, each once and once more, and return the fastest."""
    if row.sweep or len(row.candidates) == 1:
        return row.candidates[0]
    seconds = [
        min(process.run(texts, options) for _ in range(2)) for options in row.candidates
    ]
    return row.candidates[seconds.index(min(seconds))]


def told(options: dict[str, Any]) -> str:
    """Return options for people."""
    return ", ".join(f"{name} {value}" for name, value in options.items())


def compare_entities(timed: Sequence[Timed], texts: Path) -> None:
    """Note for each row how far its entities are those of ours."""
    found = {one.row.name: one.process.entities(texts, one.options) for one in timed}
    ours = found.get(OURS)
    for one in timed:
        entities = found[one.row.name]
        if entities is None:
            one.agreement = "none: forward passes only"
        elif ours is None or not one.row.same_weights:
            one.agreement = str(count(entities))
        else:
            both = 2 * shared(ours, entities)
            share = both / max(1, count(ours) + count(entities))
            one.agreement = f"{count(entities)}, F1 with ours {share:.3f}"


def count(entities: Entities) -> int:
    """Return how many entities there are."""
    return sum(map(len, entities))


def shared(one: Entities, other: Entities) -> int:
    """Return how many entities two have in common: the same place and label."""
    pairs = zip(one, other, strict=True)
    return sum(len(set(map(tuple, a)) & set(map(tuple, b))) for a, b in pairs)


def count_pieces(corpus: Corpus) -> int:
    """Return the word pieces of all sentences, with the bundled model's vocabulary."""
    ceiling = Ceiling(load_model(), threads=1)
    rows = ceiling.tokenize(pl.Series(corpus.texts), distinct=False)
    return sum(map(len, rows)) - 2 * len(rows)


def print_table(
    corpus: Corpus, timed: Sequence[Timed], failed: dict[str, str], pieces: int
) -> None:
    """Print speeds, then entities."""
    names = (
        *("", "notes/s", "words/s", "pieces/s", "of ours", "seconds", "slowest"),
        *("peak MB", "first result s", "options"),
    )
    medians = {one.row.name: one.best[1] for one in timed}
    ours = medians.get(OURS, medians.get(BUNDLED, float("nan")))
    rows: list[list[str]] = []
    for one in timed:
        key, middle = one.best
        rates = (
            f"{len(corpus.texts) / middle:.2f}",
            f"{corpus.words / middle:.0f}",
            f"{pieces / middle:.0f}",
            f"{ours / middle:.3f}",
            f"{middle:.3f}",
            f"{max(one.seconds[key]):.3f}",
            f"{one.peak_mb:.0f}",
            f"{one.process.first_result:.1f}",
        )
        rows.append([one.row.name, *rates, key])
    print(
        f"\n{corpus.name}: {len(corpus.texts)} texts, {corpus.words} words, {pieces} "
        f"pieces, {corpus.repeated():.1%} of the words in sentences that stood before"
    )
    print(f"medians of {len(next(iter(timed[0].seconds.values())))} rounds\n")
    print(table(names, rows, right=names[1:-1]))
    for one in timed:
        if one.row.sweep:
            swept = ", ".join(
                f"{key.rpartition(' ')[2]}: {corpus.words / statistics.median(s):.0f}"
                for key, s in one.seconds.items()
            )
            print(f"\n{one.row.name}, words/s by padded pieces a batch: {swept}")
    print()
    for name, limit in ((OURS, CEILING), (BUNDLED, BUNDLED_CEILING)):
        if name in medians and limit in medians:
            print(f"{name}: {medians[limit] / medians[name]:.3f} of its ceiling")
    print("\nEntities, before anything was timed\n")
    entities = [[one.row.name, one.agreement, one.row.reads] for one in timed]
    entities += [[name, "failed", why] for name, why in failed.items()]
    print(table(("", "entities", "what it reads differently"), entities))


def as_record(
    corpus: Corpus, timed: Sequence[Timed], failed: dict[str, str]
) -> dict[str, Any]:
    """Return what is kept."""
    return {
        "texts": len(corpus.texts),
        "words": corpus.words,
        "repeated": round(corpus.repeated(), 4),
        "failed": failed,
        "rows": [
            {
                "name": one.row.name,
                "options": one.best[0],
                "median": one.best[1],
                "seconds": one.seconds,
                "peak_mb": one.peak_mb,
                "first_result": one.process.first_result,
                "entities": one.agreement,
                "reads": one.row.reads,
                "versions": one.process.versions,
            }
            for one in timed
        ],
    }


def save(record: dict[str, Any]) -> Path:
    """Write the record under the time at which it began."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{record['began'].replace(':', '')[:15]}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def now() -> str:
    """Return the time, to the minute."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="minutes")


def say(text: str) -> None:
    """Tell on standard error how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
