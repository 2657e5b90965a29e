"""Every recorded case of Spark NLP 5.5.3: document to chunk, all variants."""

from __future__ import annotations

from typing import Any

import pytest

from polars_jslner.errors import OptionError
from polars_jslner.sparknlp.params import CLEANUP_MODES, DocumentAssemblerParams
from tests.sparknlp import recordings

PRAGMATIC = tuple(recordings.variants("sentence_pragmatic"))
DL = tuple(recordings.variants("sentence_dl"))
TOKEN = tuple(recordings.variants("token"))
CONVERTER = tuple(recordings.variants("ner_converter"))


def check(cases: list[recordings.Case], n: int) -> None:
    wrong = {
        name: (ours, theirs)
        for name, ours, theirs in cases
        if not recordings.equal(ours, theirs)
    }
    assert wrong == {}
    assert len(cases) == n


@pytest.mark.parametrize("mode", CLEANUP_MODES)
def test_document_cleanup(mode: Any) -> None:
    check(recordings.cleanup_cases(mode), 28)


def test_document_cleanup_takes_no_other_spelling() -> None:
    odd = recordings.rows("document_cleanup")[-1]
    spellings = [key for key in odd if key not in ("id", "text")]
    assert len(spellings) > 1
    for mode in spellings:
        assert "error" in odd[mode]
        with pytest.raises(OptionError, match="is not one of"):
            DocumentAssemblerParams(mode)  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", PRAGMATIC)
def test_sentence_detector(variant: str) -> None:
    check(recordings.pragmatic_cases(variant), 169)


@pytest.mark.parametrize("variant", DL)
def test_sentence_detector_dl(variant: str) -> None:
    check(recordings.dl_cases(variant), 169)


@pytest.mark.parametrize("variant", TOKEN)
def test_tokenizer(variant: str) -> None:
    check(recordings.token_cases(variant), 169 if variant == "default" else 121)


@pytest.mark.parametrize("variant", ["default", "context_chars", "min2_max12"])
def test_tokenizer_by_regex(variant: str) -> None:
    n = 169 if variant == "default" else 121
    check(recordings.token_cases(variant, slowly=True), n)


@pytest.mark.parametrize("variant", CONVERTER)
def test_ner_converter(variant: str) -> None:
    check(recordings.converter_cases(variant), 82)


@pytest.mark.parametrize("stage", recordings.STAGES)
@pytest.mark.parametrize("name", recordings.PIPELINES)
def test_pipeline(name: str, stage: str) -> None:
    cases = recordings.pipeline_cases(name, stage)
    if not cases:
        assert stage in ("document", "sentence", "token")
        return
    check(cases, 10 if name == "labels_cut_to_40" else 169)
