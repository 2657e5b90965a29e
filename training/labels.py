"""The label set, and what the labels of the auxiliary corpora mean in it."""

from __future__ import annotations

from typing import Final

TYPES: Final = (
    "Admission_Discharge",
    "Age",
    "Alergen",
    "Birth_Entity",
    "Body_Part",
    "Clinical_Dept",
    "Date_Time",
    "Death_Entity",
    "Demographics",
    "Disease_Syndrome_Disorder",
    "Drug",
    "Header",
    "Lifestyle",
    "Medical_Device",
    "Oncological",
    "Physical_Measurement",
    "Pregnancy_Newborn",
    "Procedure",
    "Substance_Quantity",
    "Symptom",
    "Test",
    "Test_Result",
    "Treatment",
    "Vital_Sign",
)
TAGS: Final = ("O", *(f"{prefix}-{t}" for t in TYPES for prefix in "BI"))
N_TAGS: Final = len(TAGS)
TYPE_INDEX: Final = {name: index for index, name in enumerate(TYPES)}
