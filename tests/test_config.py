from __future__ import annotations

import os

import pytest

import polars_jslner as jn
from polars_jslner import config


@pytest.fixture(autouse=True)
def default_config(monkeypatch):
    monkeypatch.setattr(config, "_current", config.Config())
    for name in ("POLARS_JSLNER_THREADS", "POLARS_MAX_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_configured_threads_win(monkeypatch):
    monkeypatch.setenv("POLARS_JSLNER_THREADS", "3")
    assert config.n_threads() == 3
    jn.configure(threads=5)
    assert config.n_threads() == 5


def test_affinity_quota_and_polars_limit_the_default(monkeypatch):
    monkeypatch.setattr(config, "_affinity", lambda: 8)
    monkeypatch.setattr(config, "_quota", lambda: 6)
    assert config.n_threads() == 6
    monkeypatch.setenv("POLARS_MAX_THREADS", "2")
    assert config.n_threads() == 2


def test_affinity_is_that_of_the_process():
    if hasattr(os, "sched_getaffinity"):
        assert config._affinity() == len(os.sched_getaffinity(0))
    assert config._quota() >= 1


def test_what_is_not_given_stays():
    jn.configure(threads=2)
    jn.configure(batch_tokens=64)
    assert config.current() == config.Config(threads=2, batch_tokens=64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads=0"),
        ({"threads": 1.5}, "threads=1.5"),
        ({"threads": True}, "threads=True"),
        ({"batch_tokens": -1}, "batch_tokens=-1"),
        ({"memo_mb": -1}, "memo_mb=-1"),
        ({"batch_tokens": 2**31}, "is too large"),
        ({"providers": []}, "one or more are needed"),
        ({"providers": [("CPUExecutionProvider", 5)]}, "name or a"),
        ({"providers": [("CPUExecutionProvider",)]}, "name or a"),
        ({"providers": ["CPUExecutionProvider"] * 2}, "twice"),
        ({"providers": 5}, "providers=5 is not a list"),
        ({"providers": "CPUExecutionProvider"}, "is not a list"),
        ({"providers": [5]}, "name or a"),
        ({"providers": ["AbsentProvider"]}, "'AbsentProvider'.*CPUExecutionProvider"),
        ({"providers": [("AbsentProvider", {"device_id": 0})]}, "onnxruntime-gpu"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(jn.OptionError, match=message):
        jn.configure(**options)
    assert config.current() == config.Config()


def test_bad_environment_variable_is_named(monkeypatch):
    monkeypatch.setenv("POLARS_JSLNER_THREADS", "many")
    with pytest.raises(jn.OptionError, match="POLARS_JSLNER_THREADS='many'"):
        config.n_threads()


def test_providers_with_options_are_used(tiny):
    jn.configure(providers=[("CPUExecutionProvider", {"arena_extend_strategy": "0"})])
    found = jn.load_model(tiny)
    from polars_jslner.stages.engine import load_session

    session = load_session(found)
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert load_session(found) is session


def test_a_provider_that_did_not_start_is_an_error(tiny):
    from polars_jslner.stages.engine import check_started, load_session

    session = load_session(jn.load_model(tiny))  # on the CPU
    check_started(session, ["CPUExecutionProvider"])
    cuda = [("CUDAExecutionProvider", {"device_id": 0}), "CPUExecutionProvider"]
    with pytest.raises(jn.OptionError, match="did not start 'CUDAExecutionProvider'"):
        check_started(session, cuda)
