"""The pipeline in Ray Data: a class for the actors of ``map_batches``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from polars_jslner import extras
from polars_jslner.arrow import Find, Options, arrow_column
from polars_jslner.config import configure

if TYPE_CHECKING:
    from polars_jslner.options import ModelSource
    from polars_jslner.schema import Compat

__all__ = ["BATCH_SIZE", "Entities"]

# Rows a call: the sentences of so many notes fill the batches of the model many times
# over, and there are calls enough for actors to end together.
BATCH_SIZE = 64


class Entities:
    """Adds the entities of a text column to batches of a Ray dataset.

    Parameters
    ----------
    text
        Column with the texts.
    model, output, find, compat, **options
        As in `polars_jslner.arrow.annotate`.
    threads
        Workers of the model in each actor. None stands for the actor's ``num_cpus``.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    OptionError, ModelNotFoundError, ModelFormatError
        As `entities`.

    Notes
    -----
    One actor has one session. The model's place must be one that every node can read.
    Leave a CPU to the tasks that read and write, otherwise Ray waits forever.

    Examples
    --------
    >>> import ray  # doctest: +SKIP
    >>> from polars_jslner.ray import BATCH_SIZE, Entities
    >>> notes = ray.data.read_parquet("notes/")  # doctest: +SKIP
    >>> found = notes.map_batches(  # doctest: +SKIP
    ...     Entities,
    ...     fn_constructor_kwargs={"labels": ["Drug"]},
    ...     batch_format="pyarrow",
    ...     batch_size=BATCH_SIZE,
    ...     num_cpus=1,
    ...     compute=ray.data.ActorPoolStrategy(min_size=1, max_size=2),
    ... )
    """

    def __init__(
        self,
        text: str = "text",
        *,
        model: ModelSource | None = None,
        output: str | None = None,
        find: Find = "entities",
        compat: Compat | None = None,
        threads: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        ray = extras.load("ray", "ray")
        self._column = arrow_column(text, model, output, find, compat, options)
        # To ask where there is no Ray would start one.
        context = ray.get_runtime_context() if ray.is_initialized() else None
        if threads is None and context and context.get_actor_id() is not None:
            threads = int(context.get_assigned_resources().get("CPU", 1))
            threads = max(1, threads)  # an actor may have a part of a CPU
        configure(threads=threads)

    def __call__(self, batch: Any) -> Any:
        """Return a batch, a `pyarrow.Table`, with one more column."""
        return self._column.table(batch)
