"""A reader for each kind of stage, by the name of its Scala class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict, cast

from polars_jslner.errors import ModelFormatError
from polars_jslner.models.sparknlp import stages
from polars_jslner.models.sparknlp.fields import (
    by_id,
    read_ids,
    read_merges,
    read_rules,
    read_texts,
)
from polars_jslner.models.sparknlp.network import read_network
from polars_jslner.sparknlp.params import BOUNDS_STRATEGIES, CLEANUP_MODES

if TYPE_CHECKING:
    from collections.abc import Callable

    from polars_jslner.models.sparknlp.metadata import Metadata
    from polars_jslner.models.sparknlp.storage import Files, Location

_INT_MAX = 2**31 - 1
_DEFAULT_MAX_LENGTH = 99_999
_MAX_PIECES = 1_000_000
_MAX_LABELS = 100_000

# Set in most saved models, and without meaning for what is computed.
_NO_MATTER = ("lazyAnnotator", "storageRef", "configProtoBytes", "doExceptionHandling")

# The licensed twin shares the layout of the open class.
_FAMILIES: dict[str, stages.Family] = {
    "BertForTokenClassification": "bert",
    "MedicalBertForTokenClassifier": "bert",
    "DistilBertForTokenClassification": "distilbert",
    "RoBertaForTokenClassification": "roberta",
}
_WORD_PIECES = ("[CLS]", "[SEP]", "[UNK]")
_SPECIAL_PIECES: dict[stages.Family, tuple[str, ...]] = {
    "bert": _WORD_PIECES,
    "distilbert": _WORD_PIECES,
    "roberta": ("<s>", "</s>", "<pad>", "<unk>"),
}

_DEFAULT_RULE = re.compile(
    r"\\A\(\[\\Q(?P<ctx>.+?)\\E\]\*\)"
    r"\(\[\^\\Q(?P=ctx)\\E\]\(\?:\.\*\[\^\\Q(?P=ctx)\\E\]\)\*\)"
    r"\(\[\\Q(?P=ctx)\\E\]\*\)\\z",
    re.DOTALL,
)


class _Common(TypedDict):
    class_name: str
    uid: str
    input_cols: tuple[str, ...]
    output_col: str
    unread: tuple[str, ...]


def _common(meta: Metadata, *input_cols: str) -> _Common:
    """Return the fields of `stages.Stage`; to be called when all others were read."""
    read = {
        "class_name": meta.class_name,
        "uid": meta.uid,
        "input_cols": meta.texts("inputCols") or input_cols,
        "output_col": meta.text("outputCol", f"{meta.uid}__output"),
    }
    for name in _NO_MATTER:
        meta.value(name)
    return cast("_Common", {**read, "unread": meta.unread()})


def _assembler(_f: Files, _l: Location, meta: Metadata) -> stages.Stage:
    mode = meta.text("cleanupMode", "disabled")
    if mode not in CLEANUP_MODES:
        meta.wrong("cleanupMode", f"one of {CLEANUP_MODES}")
    return stages.DocumentAssemblerParams(
        cleanup_mode=mode,
        id_col=meta.optional_text("idCol"),
        metadata_col=meta.optional_text("metadataCol"),
        **_common(meta, meta.text("inputCol", "text")),
    )


def _detector(_f: Files, _l: Location, meta: Metadata) -> stages.Stage:
    strategy = meta.text("customBoundsStrategy", "none")
    if strategy not in BOUNDS_STRATEGIES:
        meta.wrong("customBoundsStrategy", f"one of {BOUNDS_STRATEGIES}")
    # Old releases spelt the parameter with one b less.
    old_name = meta.boolean("useAbbrevations", default=True)
    split = meta.integer("splitLength", 0, 0, _INT_MAX)
    return stages.SentenceDetectorParams(
        use_abbreviations=meta.boolean("useAbbreviations", default=old_name),
        detect_lists=meta.boolean("detectLists", default=True),
        custom_bounds_strategy=strategy,
        split_length=split or None,
        **_bounds(meta),
        **_lengths(meta),
        **_common(meta, "document"),
    )


def _network_detector(files: Files, _l: Location, meta: Metadata) -> stages.Stage:
    for name, known in (("modelArchitecture", "cnn"), ("engine", "tensorflow")):
        if meta.text(name, known) != known:
            meta.wrong(name, repr(known))
    weights = read_network(files)
    return stages.SentenceDetectorDL(
        encoder=_encoder(meta, len(weights.embedding)),
        weights=weights,
        impossible_penultimates=meta.texts("impossiblePenultimates") or (),
        split_length=meta.integer("splitLength", _INT_MAX, 1, _INT_MAX),
        **_bounds(meta),
        **_lengths(meta),
        **_common(meta, "document"),
    )


def _tokenizer(files: Files, _l: Location, meta: Metadata) -> stages.Stage:
    rules = read_rules(files)
    default = _DEFAULT_RULE.fullmatch(rules[0]) if len(rules) == 1 else None
    return stages.TokenizerParams(
        rules=rules,
        context_chars=default["ctx"] if default else None,
        exceptions=meta.texts("exceptions"),
        case_sensitive_exceptions=meta.boolean("caseSensitiveExceptions", default=True),
        target_pattern=meta.text("targetPattern", r"\S+"),
        split_chars=meta.texts("splitChars"),
        split_pattern=meta.optional_text("splitPattern"),
        **_lengths(meta),
        **_common(meta, "document"),
    )


def _classifier(files: Files, location: Location, meta: Metadata) -> stages.Stage:
    family = _FAMILIES[meta.kind]
    if meta.text("engine", "tensorflow") != "onnx":
        meta.wrong("engine", "'onnx', the only one that can be run; export it to ONNX")
    onnx = f"{family}_classification_onnx"
    entry = files.entries.get(onnx)
    if entry is None:
        msg = f"{files.origin!r} has no file {onnx!r}, the zip of its ONNX graph."
        raise ModelFormatError(msg)
    vocabulary = read_ids(files, "vocabulary", _MAX_PIECES)
    absent = [piece for piece in _SPECIAL_PIECES[family] if piece not in vocabulary]
    if absent:
        msg = f"{files.origin!r}: the vocabulary has no {' and no '.join(absent)}."
        raise ModelFormatError(msg)
    return stages.TokenClassifier(
        family=family,
        vocabulary=by_id(vocabulary),
        merges=read_merges(files) if family == "roberta" else (),
        labels=by_id(read_ids(files, "labels", _MAX_LABELS)),
        case_sensitive=meta.boolean("caseSensitive", default=True),
        max_sentence_length=meta.integer("maxSentenceLength", 128, 3, _INT_MAX),
        batch_size=meta.integer("batchSize", 8, 1, _INT_MAX),
        onnx=stages.OnnxFile(location, onnx, (entry.size, entry.stamp)),
        **_common(meta, "document", "token"),
    )


def _converter(files: Files, _l: Location, meta: Metadata) -> stages.Stage:
    return stages.NerConverterParams(
        internal=meta.kind != "NerConverter",
        white_list=meta.texts("whiteList"),
        black_list=meta.texts("blackList"),
        preserve_position=meta.boolean("preservePosition", default=True),
        ner_has_no_schema=meta.boolean("nerHasNoSchema", default=False),
        threshold=meta.number("threshold"),
        greedy_mode=meta.boolean("greedyMode", default=False),
        replace_labels=_replacements(files, meta),
        ignore_stop_words=meta.texts("ignoreStopWords") or (),
        **_common(meta, "document", "token", "ner"),
    )


READERS: dict[str, Callable[[Files, Location, Metadata], stages.Stage]] = {
    "DocumentAssembler": _assembler,
    "SentenceDetector": _detector,
    "SentenceDetectorDLModel": _network_detector,
    "TokenizerModel": _tokenizer,
    **dict.fromkeys(_FAMILIES, _classifier),
    **dict.fromkeys(
        ("NerConverter", "NerConverterInternal", "NerConverterInternalModel"),
        _converter,
    ),
}


def _lengths(meta: Metadata) -> dict[str, Any]:
    return {
        "min_length": meta.integer("minLength", 0, 0, _INT_MAX),
        "max_length": meta.integer("maxLength", _DEFAULT_MAX_LENGTH, 0, _INT_MAX),
    }


def _bounds(meta: Metadata) -> dict[str, Any]:
    return {
        "use_custom_bounds_only": meta.boolean("useCustomBoundsOnly", default=False),
        "custom_bounds": meta.texts("customBounds") or (),
        "explode_sentences": meta.boolean("explodeSentences", default=False),
    }


def _encoder(meta: Metadata, n_ids: int) -> dict[str, int]:
    """Return the ids of a detector's characters.

    Spark NLP writes a list of one-entry objects; other writers of Scala maps give
    ``{"_1": .., "_2": ..}`` or two-element lists.
    """
    ids: dict[str, int] = {}
    value = meta.value("Encoder")
    for item in value if isinstance(value, list) else []:
        match item:
            case {"_1": str(char), "_2": int(index)} | [str(char), int(index)]:
                pairs = {char: index}
            case dict():
                pairs = cast("dict[str, Any]", item)
            case _:
                pairs = dict[str, Any](bad=None)
        for char, index in pairs.items():
            if len(char) != 1 or not isinstance(index, int) or not 0 <= index < n_ids:
                meta.wrong("Encoder", f"characters with ids below {n_ids}")
            ids[char] = index
    if not ids:
        meta.wrong("Encoder", "a list of characters and their ids")
    return ids


def _replacements(files: Files, meta: Metadata) -> dict[str, str]:
    """Return ``replaceLabels``, a feature like other maps or a JSON object."""
    if files.parts("fields/replaceLabels"):
        return read_texts(files, "replaceLabels")
    value = meta.value("replaceLabels")
    if value is None:
        return {}
    pairs = cast("dict[str, Any]", value if isinstance(value, dict) else {"": None})
    if not all(isinstance(label, str) for label in pairs.values()):
        meta.wrong("replaceLabels", "labels by labels")
    return pairs
