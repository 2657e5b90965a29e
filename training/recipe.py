"""What is trained, in order, and with which settings; the last is the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from training.model import Shape
from training.train import Settings

DEEP: Final = Shape((0, 1, 2, 3, 4, 5))
SLIM: Final = Shape((0, 2, 5))


@dataclass(frozen=True, slots=True)
class Stage:
    """One training run; its weights are kept in the work folder as ``<name>.pt``.

    Parameters
    ----------
    name
        Of the stage.
    shape
        The layers of the base model that it keeps.
    settings
        Of the run.
    start
        The stage whose weights it starts from; empty: the base model.
    texts
        What it reads.
    teachers
        The stages whose mean probabilities it learns; empty: it learns the labels.
    """

    name: str
    shape: Shape
    settings: Settings
    start: str = ""
    texts: tuple[str, ...] = ("train",)
    teachers: tuple[str, ...] = ()


STAGES: Final = (
    Stage("teacher", DEEP, Settings(epochs=4, rate=3e-4, batch=1536, seed=3)),
    Stage(
        "reader",
        DEEP,
        Settings(epochs=4, rate=3e-4, batch=1536, masking=0.05, context=True, seed=5),
    ),
    Stage(
        "student",
        SLIM,
        Settings(epochs=5, rate=4e-4, batch=1024, masking=0.05, seed=11),
        texts=("train", "unlabelled"),
        teachers=("teacher",),
    ),
    Stage(
        "int8",
        SLIM,
        Settings(epochs=2, rate=2e-4, batch=1024, masking=0.05, int8=True, seed=17),
        start="student",
        texts=("train", "unlabelled", *("passages",) * 8),
        teachers=("teacher", "reader"),
    ),
)


def find(name: str) -> Stage:
    """Return the stage of that name."""
    return next(stage for stage in STAGES if stage.name == name)
