"""Ray Data with two actors gives the local result."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pyarrow as pa
import pytest

import polars_jslner as jn
from polars_jslner.ray import BATCH_SIZE, Entities

pytestmark = [
    pytest.mark.engines,
    # Ray sets what it deprecates itself.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.data.context"),
]


@pytest.fixture(scope="module")
def ray():
    import ray

    # Two actors, and a CPU for the tasks that feed them: without it Ray waits forever.
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def annotate(ray, dataset, size=BATCH_SIZE, **options):
    found = dataset.map_batches(
        Entities,
        fn_constructor_kwargs=options,
        batch_format="pyarrow",
        batch_size=size,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=2),
    )
    tables = [ray.get(ref) for ref in found.to_arrow_refs()]
    return pl.concat([pl.DataFrame(table) for table in tables if table.num_rows])


@pytest.mark.parametrize(("blocks", "size"), [(2, 256), (5, BATCH_SIZE), (7, 10)])
def test_any_partitioning(ray, notes, tiny, check, blocks, size):
    dataset = ray.data.from_arrow(notes.to_arrow()).repartition(blocks)
    check(annotate(ray, dataset, size, model=tiny))


def test_options(ray, notes, tiny):
    dataset = ray.data.from_arrow(notes.head(99).to_arrow()).repartition(2)
    found = annotate(ray, dataset, model=tiny, find="tokens", output="words").sort("id")
    here = notes.head(99).select(jn.tokens("text", tiny)).to_series()
    for words, other in zip(found["words"].to_list(), here.to_list(), strict=True):
        texts = [[w["text"] for w in row or []] for row in (words, other)]
        assert texts[0] == texts[1]


def test_threads_are_those_of_the_actor(ray):
    @ray.remote(num_cpus=2)
    class Ask:
        def threads(self):
            Entities()
            return jn.config.current().threads

    assert ray.get(Ask.remote().threads.remote()) == 2


def test_without_an_actor_no_ray_is_started(tiny):
    code = (
        "import ray, pyarrow as pa\n"
        "from polars_jslner.ray import Entities\n"
        f"found = Entities(model={str(tiny)!r})(pa.table({{'text': ['aspirin']}}))\n"
        "assert found.column_names == ['text', 'entities']\n"
        "assert not ray.is_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_mistakes(tiny):
    with pytest.raises(jn.OptionError, match="Did you mean 'labels'"):
        Entities(model=tiny, lables=["Drug"])
    with pytest.raises(jn.InputTypeError, match="no column 'text'"):
        Entities(model=tiny)(pa.table({"note": ["chest pain"]}))
    with pytest.raises(jn.InputTypeError, match=r"builtins\.dict.*batch_format='pya"):
        Entities(model=tiny)({"text": ["chest pain"]})
