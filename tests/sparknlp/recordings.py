"""What the real Spark NLP 5.5.3 returned, and what ours returns for the same.

    python -m tests.sparknlp.recordings

prints a table: stage, configuration, cases equal of cases run.
"""

from __future__ import annotations

import atexit
import gzip
import json
import re
import shutil
import tempfile
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from polars_jslner import annotations, load_model
from polars_jslner.errors import InferenceError
from polars_jslner.kernels import sparknlp_chunks
from polars_jslner.sparknlp import (
    annotation,
    cleanup,
    converter,
    grouping,
    javafloat,
    pragmatic,
    sentence_dl,
    tokenizer,
)
from polars_jslner.sparknlp.params import (
    CLEANUP_MODES,
    CONTEXT_CHARS,
    NerConverterParams,
    SentenceDetectorDLParams,
    SentenceDetectorParams,
    TokenizerParams,
)
from polars_jslner.sparknlp.sentences import Sentences, pack, whole
from polars_jslner.sparknlp.tokenizer import Tokens
from polars_jslner.sparknlp.units import int64s, texts_of, units_of_texts
from tests.conftest import GOLDEN
from tests.sparknlp_models import assemble

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = GOLDEN / "sparknlp"
TOLERANCE = 1e-5

Row = dict[str, Any]


@cache
def rows(name: str) -> list[Row]:
    """Return a recording, one dict a text."""
    with gzip.open(
        FOLDER / "recorded" / f"{name}.jsonl.gz", "rt", encoding="utf-8"
    ) as f:
        return [json.loads(line) for line in f]


@cache
def variants(stage: str) -> dict[str, Row]:
    """Return the parameters of each variant of a stage, under Spark NLP's names."""
    path = FOLDER / "recorded" / "variants.json"
    return json.loads(path.read_text(encoding="utf-8"))[stage]


def params(cls: type, given: Row) -> Any:
    """Return our parameters for those of Spark NLP."""
    known = {field.name for field in fields(cls)}
    values = {
        re.sub("[A-Z]", lambda m: "_" + m[0].lower(), name): (
            tuple(value) if isinstance(value, list) else value
        )
        for name, value in given.items()
    }
    assert values.keys() <= known
    return cls(**values)


def tokenizer_params(given: Row) -> TokenizerParams:
    """Return a fitted tokenizer for the parameters of an unfitted one."""
    given = dict(given)
    listed = "[\\Q" + "".join(given.pop("contextChars", CONTEXT_CHARS)) + "\\E]"
    prefix = given.pop("prefixPattern", rf"\A({listed}*)")
    suffix = given.pop("suffixPattern", rf"({listed}*)\z")
    other = "[^" + listed[1:]
    infixes = given.pop("infixPatterns", [f"({other}(?:.*{other})*)"])
    given["rules"] = [prefix + infix + suffix for infix in infixes]
    return params(TokenizerParams, given)


@cache
def detector() -> tuple[sentence_dl.SentenceNetwork, tuple[str, ...]]:
    """Return the network of the recorded detector and its penultimates."""
    path = FOLDER / "models" / "files" / "sentence_detector_dl" / "metadata"
    saved = json.loads((path / "part-00000").read_text(encoding="utf-8"))["paramMap"]
    characters = {c: i for entry in saved["Encoder"] for c, i in entry.items()}
    weights = np.load(FOLDER / "sentence_detector_dl.npz")
    network = sentence_dl.SentenceNetwork(
        characters,
        weights["embedding"],
        weights["conv_kernel"],
        weights["conv_bias"],
        weights["dense_kernel"],
        weights["dense_bias"],
        weights["out_kernel"],
        weights["out_bias"],
    )
    return network, tuple(saved["impossiblePenultimates"])


def short_sentences(sentences: Sentences) -> list[list[list[Any]]]:
    """Return sentences in the short form of the recordings."""
    texts = texts_of(sentences.units)
    flat = [
        [begin, end, text, str(number)]
        for begin, end, text, number in zip(
            sentences.begins.tolist(),
            sentences.ends.tolist(),
            texts,
            sentences.numbers.tolist(),
            strict=True,
        )
    ]
    bounds = sentences.offsets.tolist()
    return [flat[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]


def long_form(column: pl.Series) -> list[list[list[Any]]]:
    """Return annotations in the long form of the recordings."""
    return [
        [
            [
                a["annotatorType"],
                a["begin"],
                a["end"],
                a["result"],
                {pair["key"]: pair["value"] for pair in a["metadata"]},
            ]
            for a in annotations
        ]
        for annotations in pl.Series(column).to_list()
    ]


# One case: an id, what ours gave, what Spark NLP gave.
Case = tuple[str, Any, Any]


def cleanup_cases(mode: Any) -> list[Case]:
    """Return the texts cleaned in a mode."""
    recorded = [row for row in rows("document_cleanup") if mode in row]
    cleaned = units_of_texts(cleanup.clean([row["text"] for row in recorded], mode))
    ours = long_form(annotation.document_annotations(cleaned))
    return [(r["id"], o, r[mode]) for r, o in zip(recorded, ours, strict=True)]


def pragmatic_cases(variant: str) -> list[Case]:
    """Return the sentences of the rule-based detector."""
    recorded = rows("sentence_pragmatic")
    given = params(SentenceDetectorParams, variants("sentence_pragmatic")[variant])
    found = pragmatic.split([row["text"] for row in recorded], given)
    ours = short_sentences(found)
    return [(r["id"], o, r[variant]) for r, o in zip(recorded, ours, strict=True)]


def dl_cases(variant: str) -> list[Case]:
    """Return the sentences of the detector with a network."""
    recorded = rows("sentence_dl")
    network, penultimates = detector()
    given = {"impossiblePenultimates": list(penultimates)}
    given |= variants("sentence_dl")[variant]
    texts = units_of_texts([row["text"] for row in recorded])
    found = sentence_dl.split(texts, params(SentenceDetectorDLParams, given), network)
    ours = short_sentences(found)
    return [(r["id"], o, r[variant]) for r, o in zip(recorded, ours, strict=True)]


def token_cases(variant: str, *, slowly: bool = False) -> list[Case]:
    """Return the tokens of whole texts; the regexes do even the default ``slowly``."""
    recorded = [row for row in rows("token") if variant in row]
    sentences = whole(units_of_texts([row["text"] for row in recorded]))
    tokenize = tokenizer.tokenize_by_regex if slowly else tokenizer.tokenize
    tokens = tokenize(sentences, tokenizer_params(variants("token")[variant]))
    column = annotation.token_annotations(sentences, tokens)
    ours = [
        [[begin, end, text, data["sentence"]] for _, begin, end, text, data in row]
        for row in long_form(column)
    ]
    return [(r["id"], o, r[variant]) for r, o in zip(recorded, ours, strict=True)]


def converter_cases(variant: str) -> list[Case]:
    """Return the chunks of hand-made columns."""
    given = params(NerConverterParams, variants("ner_converter")[variant])
    cases: list[Case] = []
    for row in rows("ner_converter"):
        try:
            ours: Any = long_form(annotation.chunk_annotations(chunks_of(row, given)))[
                0
            ]
        except InferenceError:
            ours = "error"
        theirs = row[variant]
        cases.append((row["name"], ours, theirs if type(theirs) is list else "error"))
    return cases


def chunks_of(row: Row, given: NerConverterParams) -> converter.Chunks:
    """Convert hand-made annotations of sentences, tokens and tags."""
    found = enumerate(row["sentence"])
    sentences = pack(
        [[(s[3], s[1], s[2], int(s[4].get("sentence", i))) for i, s in found]]
    )
    words = units_of_texts([token[3] for token in row["token"]])
    offsets = np.full(len(sentences) + 1, len(words))
    offsets[0] = 0
    tokens = Tokens(
        offsets,
        words.data,
        words.offsets[:-1],
        words.offsets[1:],
        int64s(token[1] for token in row["token"]),
        int64s(token[2] for token in row["token"]),
    )
    groups = grouping.group(sentences, tokens)
    ner = sorted(row["ner"], key=lambda tag: tag[1])
    names = sorted({tag[3] for tag in ner})
    which = sparknlp_chunks.tag_words(
        np.array([0, len(ner)]),
        int64s(tag[1] for tag in ner),
        groups.token_offsets[groups.offsets],
        groups.begins,
    )
    states = np.zeros(len(which), np.uint8)
    scores = np.zeros(len(which), np.float32)
    labels = np.full(len(which), len(names))
    for word, tag in enumerate(which):
        if tag >= 0:
            *_, name, data = ner[tag]
            labels[word] = names.index(name)
            text = data.get("confidence", data.get(name))
            score = None if text is None else javafloat.parse_float(text)
            scores[word] = score or 0.0
            if text is not None:
                unreadable = score is None
                states[word] = sparknlp_chunks.KNOWN + unreadable
    tagged = converter.WordTags((*names, "O"), labels, scores, states)
    return converter.convert(sentences, tokens, groups, tagged, given)


# The saved model that gave each recording.
PIPELINES = {
    "pipeline_sddl_bert_cased": "pipeline_sddl_bert_cased",
    "pipeline_pragmatic_bert_uncased": "pipeline_pragmatic_bert_uncased",
    "pipeline_bert_cased_16": "bert_cased_16",
    "pipeline_distilbert": "distilbert",
    "pipeline_roberta": "roberta",
    "labels_cut_to_40": "bert_cased",
}
STAGES = ("document", "sentence", "token", "ner", "ner_chunk")


@cache
def saved_models() -> Path:
    """Return a folder with the saved models of the recordings, as Spark wrote them."""
    folder = Path(tempfile.mkdtemp(prefix="sparknlp-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    assemble(folder, *PIPELINES.values())
    return folder


@cache
def pipeline_column(name: str, stage: str) -> list[Any]:
    """Run a saved model the way Spark NLP does, through the public function."""
    model = load_model(saved_models() / PIPELINES[name])
    if name == "labels_cut_to_40":
        assert model.spark is not None
        labels = model.spark.classifier.labels[:40]
        classifier = replace(model.spark.classifier, labels=labels)
        model = replace(model, spark=replace(model.spark, classifier=classifier))
    frame = pl.DataFrame({"text": [row["text"] for row in rows(name)]})
    wanted: Any = "chunk" if stage == "ner_chunk" else stage
    found = frame.select(annotations("text", model, stage=wanted, exact=True))
    return long_form(found.to_series())


def pipeline_cases(name: str, stage: str) -> list[Case]:
    """Return a stage of a pipeline, none where it was not recorded."""
    cases: list[Case] = []
    if stage not in rows(name)[0]:
        return cases
    for row, ours in zip(rows(name), pipeline_column(name, stage), strict=True):
        if stage in row:
            if stage == "ner" and row.get("probs") == "winner":
                ours = [_winner(tag) for tag in ours]
            cases.append((row["id"], ours, row[stage]))
    return cases


def _winner(tag: list[Any]) -> list[Any]:
    kept = ("sentence", "word", tag[3])
    return [*tag[:4], {key: value for key, value in tag[4].items() if key in kept}]


def equal(ours: Any, theirs: Any) -> bool:
    """Whether two annotations are equal, probabilities to the tolerance."""
    if isinstance(ours, list) and isinstance(theirs, list):
        same = len(ours) == len(theirs)
        return same and all(map(equal, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        same = ours.keys() == theirs.keys()
        return same and all(_same_value(ours[k], theirs[k]) for k in ours)
    return bool(ours == theirs)


def _same_value(ours: str, theirs: str) -> bool:
    if ours == theirs:
        return True
    number = re.compile(r"\d\.\d+(E-\d+)?")
    if not (number.fullmatch(ours) and number.fullmatch(theirs)):
        return False
    return abs(float(ours) - float(theirs)) <= TOLERANCE


def everything() -> Iterator[tuple[str, str, list[Case]]]:
    """Yield every stage and configuration with its cases."""
    for mode in CLEANUP_MODES:
        yield "document", mode, cleanup_cases(mode)
    for variant in variants("sentence_pragmatic"):
        yield "SentenceDetector", variant, pragmatic_cases(variant)
    for variant in variants("sentence_dl"):
        yield "SentenceDetectorDL", variant, dl_cases(variant)
    for variant in variants("token"):
        yield "Tokenizer", variant, token_cases(variant)
    for variant in variants("ner_converter"):
        yield "NerConverter", variant, converter_cases(variant)
    for name in PIPELINES:
        for stage in STAGES:
            if cases := pipeline_cases(name, stage):
                yield name, stage, cases


def main() -> None:
    """Print the table."""
    for stage, configuration, cases in everything():
        same = sum(equal(ours, theirs) for _, ours, theirs in cases)
        exact = sum(ours == theirs for _, ours, theirs in cases)
        letters = "" if exact == same else f"  ({exact} to the letter)"
        print(f"{stage:32} {configuration:22} {same:4} of {len(cases):4}{letters}")  # noqa: T201


if __name__ == "__main__":
    main()
