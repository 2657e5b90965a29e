"""Notes to measure on where there are no others: made of phrases, no patient's."""

from __future__ import annotations

import random

_SENTENCES = (
    "{age}-year-old {person} with {condition} presents with {symptom} for {time}.",
    "CHIEF COMPLAINT: {symptom}.",
    "The patient denies {symptom}, {symptom} or {symptom}.",
    "Past medical history is significant for {condition}, {condition} and {condition}.",
    "MEDICATIONS: {drug} {dose} p.o. daily, {drug} {dose} b.i.d., {drug} {dose} p.r.n.",
    "Allergies: {drug} causes {symptom}.",
    "Blood pressure {high}/{low}, heart rate {rate}, temperature 98.{digit}.",
    "{test} on {date} showed {finding} in the {part}.",
    "On examination of the {part} there is {finding}, without {symptom} or edema.",
    "She underwent {procedure} of the {part} {time} ago and tolerated it well.",
    "We will increase {drug} to {dose} and repeat the {test} in {time}.",
    "Labs: hemoglobin {rate}.{digit}, white count {digit}.{digit}.",
    "Family history: mother had {condition} at age {age}, father died of {condition}.",
    "He was discharged from the intensive care unit on {date} in stable condition.",
    (
        "Discussed {procedure} and its risks with {person} and family, who have had "
        "all questions answered and wish to go on with {drug} until {test} on {date}."
    ),
    "Follow-up in {time} with the {part} clinic.",
    "No {finding}.",
)
_WORDS = {
    "person": ("man", "woman", "female", "gentleman", "lady"),
    "condition": (
        "hypertension",
        "type 2 diabetes mellitus",
        "congestive heart failure",
        "chronic obstructive pulmonary disease",
        "breast cancer",
        "atrial fibrillation",
        "osteoarthritis",
        "hypothyroidism",
    ),
    "symptom": (
        "chest pain",
        "shortness of breath",
        "nausea and vomiting",
        "lower back pain",
        "dizziness",
        "a productive cough",
        "blurred vision",
        "hives",
    ),
    "drug": (
        "aspirin",
        "metformin",
        "lisinopril",
        "atorvastatin",
        "penicillin",
        "furosemide",
        "albuterol",
        "warfarin",
    ),
    "dose": ("5 mg", "81 mg", "500 mg", "20 mg", "1 g", "2 puffs"),
    "time": ("two weeks", "3 days", "six months", "the last year", "several hours"),
    "test": (
        "chest x-ray",
        "ECG",
        "CT scan",
        "echocardiogram",
        "colonoscopy",
        "mammogram",
    ),
    "finding": (
        "mild tenderness",
        "a 2 cm nodule",
        "bilateral effusions",
        "decreased range of motion",
        "no acute abnormality",
        "moderate stenosis",
    ),
    "part": ("left knee", "abdomen", "right shoulder", "lumbar spine", "chest", "neck"),
    "procedure": ("arthroscopy", "biopsy", "catheterization", "resection", "repair"),
}


def make_notes(n_notes: int, seed: int = 7) -> list[str]:
    """Return notes of 20 to 40 sentences on their own lines, the same for a seed."""
    draw = random.Random(seed)  # noqa: S311  (not for secrets)
    return [
        "\n".join(_sentence(draw) for _ in range(draw.randint(20, 40)))
        for _ in range(n_notes)
    ]


def _sentence(draw: random.Random) -> str:
    numbers = {
        "age": str(draw.randint(18, 95)),
        "high": str(draw.randint(90, 190)),
        "low": str(draw.randint(50, 110)),
        "rate": str(draw.randint(8, 120)),
        "digit": str(draw.randint(0, 9)),
        "date": f"{draw.randint(1, 12)}/{draw.randint(1, 28)}/{draw.randint(10, 25)}",
    }
    sentence = draw.choice(_SENTENCES)
    for name, words in _WORDS.items():
        while f"{{{name}}}" in sentence:
            sentence = sentence.replace(f"{{{name}}}", draw.choice(words), 1)
    for name, number in numbers.items():
        sentence = sentence.replace(f"{{{name}}}", number)
    return sentence
