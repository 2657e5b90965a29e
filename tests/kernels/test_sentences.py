from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polars_jslner.kernels.sentences import clinical
from tests.kernels import reference_sentences


def flat(texts, before=b"", behind=b""):
    encoded = [text.encode() for text in texts]
    data = np.frombuffer(before + b"".join(encoded) + behind, np.uint8)
    return data, np.cumsum([len(before), *map(len, encoded)]).astype(np.int64)


def split(texts, before=b"", behind=b""):
    """Return the spans of each text's sentences, in code points."""
    data, offsets = flat(texts, before, behind)
    sentence_offsets, starts, ends, chars = clinical(data, offsets)
    assert all(array.dtype == np.int64 for array in (sentence_offsets, starts, ends))
    assert len(sentence_offsets) == len(texts) + 1
    assert len(starts) == len(ends) == len(chars) == sentence_offsets[-1]
    spans = []
    for first, last in zip(sentence_offsets, sentence_offsets[1:], strict=False):
        spans.append([])
        for i in range(first, last):
            n_chars = len(data[starts[i] : ends[i]].tobytes().decode())
            spans[-1].append((int(chars[i]), int(chars[i]) + n_chars))
    return spans


def marked(text):
    """Return the text with a bar before each sentence but the first."""
    (spans,) = split([text])
    pieces = [text[start:end] for start, end in spans]
    gaps = [text[a[1] : b[0]] for a, b in zip(spans, spans[1:], strict=False)]
    return "|".join(map("".join, zip(pieces, [*gaps, ""], strict=True)))


WORDS = """
    Dr. Mr. Ms. ms. St. No. 4-0 vs. e.g. i.e. approx. p.o. b.i.d. q.h.s. a.m. XYZ. X. Y.
    The the patient Patient was of and with normal normal. 7.0% .5 5.5mg mg. N/A. U.S.
    Walter P. Carter by J. Smith hepatitis Hepatitis C. type 2. aaaaaaaa aaaaaaaaa
    Aaaaaaaaa www.x.org x@y.org First.Last@x.org .The .the .surgery, ., .,The .) ."
    1. 2. 3. 12. 1) 2) A. B. II. - * • : HISTORY: Plan: PLAN VITALS NKDA
    . .. ... … ? ?? ?! ! " ' ( ) ] “ ” , ; / & É é ß µ 漢字 🙂 👩🏽\u200d⚕️ e\u0301
    \0 \ufeff
"""
FRAGMENTS = [
    *WORDS.split(),
    "a line of more than fifty characters, which is wrapped here",
    *["\n", "\n\n", "\r\n", "\r", "\t", "\u00a0", "\u0085", "\u2028", "\u3000", "  "],
]
fragments = st.lists(
    st.tuples(st.sampled_from(FRAGMENTS), st.sampled_from(["", " ", " ", "\n"])),
    max_size=14,
).map(lambda pairs: "".join(a + b for a, b in pairs))
letters = st.text(st.sampled_from("aAbZX.. \n:12)?-*•é\r,'\"("), max_size=16)
texts = st.one_of(st.text(max_size=30), letters, fragments)


@settings(max_examples=400)
@given(texts)
@example("1. 2. 3. 4. a")
@example("\r")
@example("x\r\n\r\ny")
def test_kernel_equals_the_plain_rules(text):
    assert split([text]) == [reference_sentences.sentences(text)]


def test_kernel_equals_the_plain_rules_on_passages(passages):
    expected = [reference_sentences.sentences(text) for text in passages]
    assert split(passages) == expected


@settings(max_examples=200)
@given(texts)
def test_sentences_are_trimmed_and_ordered_and_leave_out_only_whitespace(text):
    (spans,) = split([text])
    at = 0
    for start, end in spans:
        assert start < end
        assert text[start:end] == text[start:end].strip()
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


@settings(max_examples=100)
@given(st.lists(texts, max_size=5))
@example(["He saw Walter", "P.\nCarter", "", "1. a", "b 2. c"])
def test_documents_do_not_see_each_other(documents):
    alone = [split([text])[0] for text in documents]
    assert split(documents) == alone
    assert split(documents, before=b"1. Dr. ", behind=b" Smith.") == alone


def test_arrays_may_be_read_only_or_writable():
    data, offsets = flat(["One. Two.", "Three."])
    assert not data.flags.writeable
    read_only = clinical(data, offsets)
    writable = clinical(data.copy(), offsets)
    for a, b in zip(read_only, writable, strict=True):
        assert a.tolist() == b.tolist()


def test_no_documents():
    arrays = clinical(np.zeros(0, np.uint8), np.zeros(1, np.int64))
    assert [array.tolist() for array in arrays] == [[0], [], [], []]


@pytest.mark.parametrize("unit", [".", " ", "\n", "a.", "a", "1. ", "- ", "a\nb", "A:"])
def test_long_texts_take_linear_time(unit):
    # A quadratic rule would take hours over two megabytes, not a second.
    text = unit * (2_000_000 // len(unit))
    (spans,) = split([text])
    found = "".join(text[start:end] for start, end in spans)
    assert "".join(found.split()) == "".join(text.split())


CASES = {
    "ends of sentences": """
        He is well.| She is not.
        Is it pain?| No!| Really?!| Yes.
        He was well...| Then he fell.
        He was... not sure.
        He was well… or not.
        Denies cough.| denies fever.
        no full stop at the end of it
        Hx: ? stroke, temperature is ?? degrees.
    """,
    "closing marks": """
        She said "I am tired."| He left.
        (He was seen.)| She was not.
        "Why?" he asked.
        He has a “lazy eye.”| No surgery.
        It hurts (see below.) and swells.
        [(He said "it hurts.")]| She left.
    """,
    "abbreviations": """
        Take 5 mg p.o. b.i.d. with food.
        Take 5 mg b.i.d.| She was well.
        Aspirin 81 mg p.o. daily.| Lasix 20 mg p.o. q.h.s.
        Lasix 20 mg q.4-6h. p.r.n. pain.
        Seen by Dr. Smith and Mr. Jones.| Mrs. Lee came too.
        Seen at St. Jude with a No. 4-0 suture vs. a clip.
        Bleeding, e.g. Aspirin or i.e. Plavix, approx. 5 times.
        At 10 a.m. yesterday it hurt.| Pain began at 9 p.m.| The pain went.
        QT 400 ms.| Ms. Lee has MS.| Mild.
        Pt. is 34 y.o. G2 with pain, cough etc. at night.
        Moved approx. 2 cm. distal to the knee.
        U.S. Army veteran.
        Rhogam N/A.| Infant is well.
    """,
    "numbers": """
        A1c was 7.0% on .5 mg of it.| Rate 5.5mg.
        Hemoglobin 13.| Platelets 200.
        BP 120/80.| HR 72.| 98% on air.
    """,
    "initials and placeholders": """
        Seen by J. Smith and Walter P. Carter.
        Seen by J. R. Smith today.
        Seen by Dr. X.| Meticulous hemostasis.
        Seen by Dr. XYZ.| The patient went home on MM/DD/YYYY.
        He has hepatitis C.| Diabetes too.
        Hepatitis C.| Liver is large.
        Positive for C. difficile.
        Shallow on R.| Weight today 3 kg.
    """,
    "missing space": """
        It was normal.|The patient left.
        It was (normal).|The patient left.
        He left in good condition.|surgery, hernia
        He left in good condition.,|surgery, hernia
        See www.x.org or a.b@Mail.Org and e.g.this p.o.now 5.5mg.
        Ask Dr.Smith or First.Last@x.org
    """,
    "headers": r"""
        HISTORY: He is well.
        HISTORY:\n|He is well.
        PLAN\n|rest and fluids.
        PHYSICAL EXAM\n|Neck\n|- Supple.
        Reports pain and\nswelling of\nCarotid artery,\n|VITALS\n|Normal.
        Takes aspirin,\n|Allergies: none
    """,
    "lists": r"""
        PROCEDURES: 1. Release of chordee.| 2. Circumcision.
        PROCEDURES: 1) Release,| 2) repair,| 3) rest
        1. Diabetes.\n|2. Gout.\n|3. Asthma
        1.Diabetes.| 2.Gout
        1. Diabetes type 2.| Now well.
        1. Diabetes mellitus type 2.\n|2. Stroke.
        1. Cough\n|a) dry\n|B. wet\n|II. old\n|(ii) new
        1. Score of 2.| Start.| Then 3.| Stop.
        Score was 3.| Start now.
        - well\n|- not well\n|* maybe\n|\u2013 no
        Meds:| • aspirin| • Lasix 5 - 10 mg
        SPECIMEN: A. Lung, left.
        -5 to -3\n|5 mg
    """,
    "lines": r"""
        Kenji is a 70-year-old retired ferry captain who\nis sent in.
        The patient has had pain in the left leg for two weeks\nago or so
        This line has exactly forty-nine characters, I sa\n|so it is short
        This line has exactly fifty characters, that I say\nso it is long
        He saw\r\na doctor.
        He saw\na doctor.
        He saw Dr.\nSmith.
        no cough\n|no fever
        no cough\nor fever
        He has pain\n\n|and fever
        Takes it for\n\n|Pain
        One\r\n|Two\r|Three\x0b|Four\u2028|Five\x85|Six
        One.\r\n\r\n|Two
        Vitamin A\n|Zinc
    """,
    "any character": r"""
        pH is low.| pH is high.| élan vital.| Été.
        Well 🙂.| Better 👩🏽‍⚕️!| Élan.
        漢字。漢字.| 漢字
        Well\0.| \0 or \0.
        One.\u00a0|Two.\u3000|Three.\u2003|Four
    """,
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(line.strip(), id=f"{title}: {line.strip()}")
        for title, block in CASES.items()
        for line in block.strip().splitlines()
    ],
)
def test_splits_where_the_bars_stand(case):
    # Escapes, not the characters: a case stays on its line.
    for escape in (r"\n", r"\r", r"\0", r"\x0b", r"\x85"):
        case = case.replace(escape, escape.encode().decode("unicode_escape"))
    for code in ("00a0", "2003", "2013", "2028", "3000"):
        case = case.replace(rf"\u{code}", chr(int(code, 16)))
    bars = case.replace("| ", " |")
    assert marked(bars.replace("|", "")) == bars
