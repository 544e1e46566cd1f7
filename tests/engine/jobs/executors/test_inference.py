"""Busy or idle: Ollama, llama.cpp, vLLM, ComfyUI."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.engine.jobs.executors import (
    ComfyUiStatus,
    LlamaCppStatus,
    OllamaStatus,
    VllmStatus,
    base_url,
)
from custom_components.hashwarm.engine.jobs.executors.inference import metric
from custom_components.hashwarm.engine.model.errors import (
    ExecutorAuthError,
    ExecutorError,
    ExecutorUnreachableError,
)
from simulators.compute.inference import FakeInference
from simulators.compute.stage import Mood

ALL = [ComfyUiStatus, LlamaCppStatus, OllamaStatus, VllmStatus]


@pytest.fixture
async def fake():
    server = FakeInference()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def make(session, fake, clock):
    def build(kind, **more):
        return kind(session, base_url(fake.url), now=clock, **more)

    return build


async def test_ollama_is_busy_for_a_while_after_a_model_was_used(make, fake, clock):
    ollama = make(OllamaStatus)
    assert (await ollama.read()).busy is False
    fake.models = [{"name": "llama3:8b", "expires_at": "2026-11-22T12:05:00Z"}]
    told = await ollama.read()
    assert (told.busy, told.name, told.at) == (True, "llama3:8b", clock())
    clock.forward(61)
    assert (await ollama.read()).busy is False
    fake.models[0]["expires_at"] = "2026-11-22T12:06:30Z"
    assert (await ollama.read()).busy
    fake.models = []
    clock.forward(61)
    assert (await ollama.read()).busy is False


async def test_ollama_with_a_loaded_model_is_unknown_at_first(make, fake):
    fake.models = [{"name": "llama3:8b", "expires_at": "2026-11-22T12:05:00Z"}]
    ollama = make(OllamaStatus)
    assert (await ollama.read()).busy is None
    assert (await ollama.read()).busy is False


async def test_llama_cpp_is_busy_by_its_metrics(make, fake):
    llama = make(LlamaCppStatus)
    fake.metrics = "# HELP x\nllamacpp:requests_processing 1\nllamacpp:requests_deferred 0\n"
    assert (await llama.read()).busy
    fake.metrics = "llamacpp:requests_processing 0\n"
    assert (await llama.read()).busy is False
    fake.metrics = "something_else 5\n"
    assert (await llama.read()).busy is None


async def test_llama_cpp_without_metrics_is_busy_by_its_slots(make, fake):
    llama = make(LlamaCppStatus)
    fake.slots = [{"id": 0, "is_processing": False}, {"id": 1, "is_processing": True}]
    assert (await llama.read()).busy
    fake.slots = [{"id": 0, "is_processing": False}]
    assert (await llama.read()).busy is False
    fake.slots = [{"id": 0}]
    assert (await llama.read()).busy is None
    fake.slots = None
    assert (await llama.read()).busy is None


async def test_vllm_is_busy_while_requests_run_or_wait(make, fake):
    vllm = make(VllmStatus)
    fake.metrics = 'vllm:num_requests_running{model="a}b",engine="0"} 0.0\nvllm:num_requests_waiting{engine="0"} 2.0\n'
    assert (await vllm.read()).busy
    fake.metrics = 'vllm:num_requests_running{engine="0"} 0.0\nvllm:num_requests_waiting{engine="0"} 0.0\n'
    assert (await vllm.read()).busy is False
    fake.metrics = "vllm:num_requests_running NaN\n"
    assert (await vllm.read()).busy is None


async def test_comfyui_is_busy_while_its_queue_holds_anything(make, fake):
    comfy = make(ComfyUiStatus)
    assert (await comfy.read()).busy is False
    fake.queue_remaining = 2
    assert (await comfy.read()).busy
    fake.queue_remaining = "many"
    assert (await comfy.read()).busy is None


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("mood", [Mood.REFUSED, Mood.ERROR, Mood.BUSY, Mood.HUGE, Mood.REDIRECT])
async def test_what_goes_wrong_is_told(make, fake, elsewhere, kind, mood):
    fake.mood, fake.elsewhere = mood, elsewhere.url
    with pytest.raises(ExecutorAuthError if mood is Mood.REFUSED else ExecutorError):
        await make(kind, token="secret").read()
    assert elsewhere.requests == []


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("mood", [Mood.HTML, Mood.GARBAGE, Mood.OTHER_SHAPE])
async def test_nonsense_is_an_error_or_unknown(make, fake, kind, mood):
    fake.mood = mood
    try:
        told = await make(kind).read()
    except ExecutorError:
        return
    assert told.busy is None


@pytest.mark.parametrize("kind", ALL)
async def test_a_server_that_says_nothing_is_out_of_reach(make, fake, kind):
    fake.mood = Mood.HANG
    with pytest.raises(ExecutorUnreachableError):
        await make(kind, answer_s=0.05).read()


async def test_a_token_is_sent(make, fake):
    fake.token = "secret"
    await make(ComfyUiStatus, token="secret").read()
    with pytest.raises(ExecutorAuthError):
        await make(ComfyUiStatus).read()


@settings(deadline=None)
@given(st.text(), st.lists(st.floats(), max_size=4))
def test_a_metric_is_the_sum_of_what_can_be(junk, values):
    shown = "".join(f'm{{l="{index}"}} {value} 1795370409\n' for index, value in enumerate(values))
    told = metric(f"{shown}\nm\nm{{\nmore 5\nm x\n", "m")
    known = [value for value in values if 0 <= value < float("inf")]
    assert told == (sum(known) if known else None) or told == pytest.approx(sum(known))
    metric(junk, "m")
