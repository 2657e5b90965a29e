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
    corpora
        What it reads beside the annotated text.
    teachers
        The stages whose mean probabilities it learns; empty: it learns the labels.
    """

    name: str
    shape: Shape
    settings: Settings
    start: str = ""
    corpora: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()


STAGES: Final = (
    Stage("teacher", DEEP, Settings(epochs=4, rate=3e-4, batch=1536, seed=3)),
    Stage(
        "student",
        SLIM,
        Settings(epochs=5, rate=4e-4, batch=1024, masking=0.05, seed=11),
        corpora=("unlabelled",),
        teachers=("teacher",),
    ),
    Stage(
        "polished",
        SLIM,
        Settings(epochs=1, rate=5e-5, batch=1024, seed=17),
        start="student",
        corpora=("passages",) * 8,
    ),
)
