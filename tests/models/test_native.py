"""The loops in machine code of our own, against XLA's way to the same numbers."""

import os
import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sentiment.models import native
from sentiment.models.convolution import convolve_max
from sentiment.models.recurrence import recur

KEPT = """
from numba.core import event
compiled = event.RecordingListener()
event.register("numba:compile", compiled)
import jax, jax.numpy as jnp, numpy as np
from sentiment.models import native
from sentiment.models.convolution import convolve_max
from sentiment.models.recurrence import recur
native.allow()
numbers = np.random.default_rng(0).normal(size=(4, 60, 64)).astype(np.float32)
kernel = jnp.asarray(numbers[:2, :3].transpose(0, 2, 1))
one = jax.grad(lambda w: convolve_max(w, jnp.ones((4, 60), bool), kernel).sum())(numbers)
two = jax.grad(lambda x: recur("lstm", (x,), (jnp.asarray(numbers[0, :16]),))[0].sum())(numbers.swapaxes(0, 1))
print(float(one.sum()), float(two.sum()), len(compiled.buffer))
"""


@pytest.fixture(autouse=True)
def _not_yet_allowed(monkeypatch):
    """Other tests of this process have trained, and training allows them."""
    monkeypatch.setattr(native, "_allowed", False)


@pytest.fixture
def allowed(monkeypatch):
    monkeypatch.setattr(native, "_allowed", True)
    if not native.in_use():
        pytest.skip("more than one device, or no CPU")


def gradients(function, *arguments):
    """What a program that is traced now gives."""
    return jax.jit(jax.grad(function, argnums=tuple(range(len(arguments)))))(*arguments)


def operations(function, *arguments):
    """The names of the operations outside XLA that a program calls."""
    text = jax.jit(jax.grad(function, argnums=tuple(range(len(arguments))))).lower(*arguments).as_text()
    return [line.split("@")[1].split("(")[0] for line in text.splitlines() if "custom_call @" in line]


def convolved(*, batch=5, length=30, embed=7, width=3, filters=9, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, length + 1, batch)
    mask = jnp.arange(length) < jnp.asarray(lengths)[:, None]
    words = jnp.asarray(rng.normal(size=(batch, length, embed)).astype(np.float32)) * mask[..., None]
    kernel = jnp.asarray(rng.normal(size=(width, embed, filters)).astype(np.float32))
    slopes = rng.normal(size=(batch, filters)) * (rng.random((batch, filters)) < 0.6)
    return mask, words, kernel, jnp.asarray(slopes.astype(np.float32))


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("shape", [{}, {"batch": 1, "filters": 1}, {"length": 70, "embed": 50}, {"length": 2}])
def test_gradients_of_windows_are_those_of_xla(monkeypatch, shape, width):
    """Windows that reach past the start of a text, and filters without a gradient, among them."""
    mask, words, kernel, slopes = convolved(width=width, **shape)

    def loss(words, kernel):
        return (slopes * convolve_max(words, mask, kernel)).sum()

    expected = gradients(loss, words, kernel)
    assert not operations(loss, words, kernel)
    monkeypatch.setattr(native, "_allowed", True)
    if not native.in_use():
        pytest.skip("more than one device, or no CPU")
    assert operations(lambda w, k: loss(w, k), words, kernel) == ["sentiment_window_gradients"]
    for got, want in zip(gradients(lambda w, k: loss(w, k), words, kernel), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=2e-5)


def test_the_first_of_equal_windows_has_the_gradient_here_too(allowed):
    words, mask = jnp.ones((1, 60, 1)), jnp.ones((1, 60), bool)
    gradient = jax.grad(lambda words: convolve_max(words, mask, jnp.ones((1, 1, 1))).sum())(words)
    assert gradient[0, :, 0].tolist() == [1.0] + [0.0] * 59


def recurrent(kind="lstm", *, length=11, batch=8, units=16, directions=2, seed=0):
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(directions, length, batch, gates * units)).astype(np.float32)
    kernels = rng.normal(size=(directions, units, gates * units)).astype(np.float32) / 4
    slopes = rng.normal(size=(directions, length, batch, units)).astype(np.float32)
    return tuple(map(jnp.asarray, inputs)), tuple(map(jnp.asarray, kernels)), jnp.asarray(slopes)


def recurrent_loss(kind, slopes):
    return lambda inputs, kernels: (slopes * jnp.stack(recur(kind, inputs, kernels))).sum()


@pytest.mark.parametrize(
    "shape",
    [{}, {"length": 1}, {"batch": 4, "units": 48}, {"batch": 64, "units": 128, "length": 40}, {"directions": 1}],
)
def test_an_lstm_and_its_gradients_are_those_of_xla(monkeypatch, shape):
    inputs, kernels, slopes = recurrent(**shape)
    value, expected = jax.jit(jax.value_and_grad(recurrent_loss("lstm", slopes), argnums=(0, 1)))(inputs, kernels)
    monkeypatch.setattr(native, "_allowed", True)
    if not native.in_use():
        pytest.skip("more than one device, or no CPU")
    loss = recurrent_loss("lstm", slopes)
    names = operations(loss, inputs, kernels)
    assert sorted(set(names)) == ["sentiment_lstm_backward", "sentiment_lstm_forward"]
    got_value, got = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(inputs, kernels)
    np.testing.assert_allclose(got_value, value, rtol=1e-4, atol=1e-3)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_large_sums_saturate_and_stay_finite(allowed):
    inputs, kernels, slopes = recurrent(directions=1)
    large = (inputs[0] * 1e4,)
    loss = recurrent_loss("lstm", slopes)
    value, got = jax.value_and_grad(loss, argnums=(0, 1))(large, kernels)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(got))


def test_what_is_not_a_number_is_not_hidden(allowed):
    inputs, kernels, slopes = recurrent(directions=1)
    broken = (inputs[0].at[2, 3, 5].set(jnp.nan),)
    value, got = jax.value_and_grad(recurrent_loss("lstm", slopes), argnums=(0, 1))(broken, kernels)
    assert np.isnan(value)
    assert np.isnan(got[1][0]).any()


FREED = """
import jax, jax.numpy as jnp, numpy as np
from sentiment.models import native
from sentiment.models.convolution import convolve_max
from sentiment.models.recurrence import recur
numbers = np.random.default_rng(0).normal(size=(64, 40, 256)).astype(np.float32)
kernel, units = jnp.asarray(numbers[:3, :40, :80]), jnp.asarray(numbers[0].repeat(2, axis=0)[:64] / 8)
words = jnp.asarray(numbers[:, :, :40])
def give():
    loss = lambda w, k: convolve_max(w, jnp.ones((64, 40), bool), k).sum()
    run = lambda x, u: recur("lstm", (x,), (u,))[0].sum()
    convolved = jax.jit(jax.grad(loss, argnums=(0, 1)))(words, kernel)
    return convolved, jax.jit(jax.grad(run, argnums=(0, 1)))(numbers.swapaxes(0, 1), units)
expected = give()
native.allow()
for _ in range(5):
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3), give(), expected)
"""


def test_no_memory_is_used_that_was_given_back():
    """glibc fills with rubbish what is freed, and all threads share one heap."""
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "MALLOC_ARENA_MAX": "1", "JAX_NUM_CPU_DEVICES": "1"}
    ended = subprocess.run([sys.executable, "-c", FREED], env=environment, capture_output=True, text=True, timeout=240)
    assert not ended.returncode, ended.stderr


def test_a_part_that_fails_is_an_error_and_no_endless_wait(allowed):
    from tests.models.native_failing import failing

    with pytest.raises(jax.errors.JaxRuntimeError, match="not enough memory"):
        failing(jnp.ones(3)).block_until_ready()
    with pytest.raises(jax.errors.JaxRuntimeError, match="not enough memory"):
        failing(jnp.ones(3)).block_until_ready()


@pytest.mark.parametrize("shape", [{"batch": 6}, {"units": 12}])
def test_shapes_that_do_not_fit_are_left_to_xla(allowed, shape):
    inputs, kernels, slopes = recurrent(**shape)
    assert not operations(recurrent_loss("lstm", slopes), inputs, kernels)


@pytest.mark.parametrize("kind", ["gru", "rnn"])
def test_other_recurrences_are_left_to_xla(allowed, kind):
    inputs, kernels, slopes = recurrent(kind)
    assert not operations(recurrent_loss(kind, slopes), inputs, kernels)


def test_prediction_is_left_to_xla(allowed):
    inputs, kernels, _ = recurrent()
    text = jax.jit(lambda *given: recur("lstm", *given)).lower(inputs, kernels).as_text()
    assert "custom_call" not in text


def test_the_same_numbers_every_time(allowed):
    """However the threads share the work."""
    mask, words, kernel, slopes = convolved(batch=64, length=60, embed=50, filters=40)
    inputs, kernels, weights = recurrent(batch=64, units=32)
    convolve = jax.jit(jax.grad(lambda w, k: (slopes * convolve_max(w, mask, k)).sum(), argnums=(0, 1)))
    run = jax.jit(jax.grad(recurrent_loss("lstm", weights), argnums=(0, 1)))
    first = jax.tree.map(np.asarray, (convolve(words, kernel), run(inputs, kernels)))
    for _ in range(30):
        again = (convolve(words, kernel), run(inputs, kernels))
        assert all(map(np.array_equal, jax.tree.leaves(first), jax.tree.leaves(again)))


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A cache with the code of the loops, and what the process said that compiled it."""
    folder = tmp_path_factory.mktemp("kept")
    return folder, say(folder)


def say(cache):
    """What a new process with this cache says: two sums, and how much it compiled."""
    environment = {**os.environ, "SENTIMENT_CACHE": str(cache), "JAX_NUM_CPU_DEVICES": "1"}
    command = [sys.executable, "-W", "error::numba.core.errors.NumbaWarning", "-c", KEPT]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert not ended.returncode, ended.stderr
    return ended.stdout.split()


def test_code_is_kept_for_the_next_process(kept):
    """Two processes, one after the other: the second compiles nothing, and both give the same numbers."""
    folder, first = kept
    second = say(folder)
    assert first[:2] == second[:2]
    assert int(first[2]) > 0
    assert int(second[2]) == 0


@pytest.mark.parametrize("damage", ["cut", "unwritable"])
def test_code_that_cannot_be_kept_is_compiled_again(tmp_path, kept, damage):
    """A cache that is damaged, or that nothing can be written to, costs time and nothing else."""
    if damage == "cut":
        shutil.copytree(kept[0], tmp_path, dirs_exist_ok=True)
        whole = [path for path in tmp_path.rglob("*.nb[ci]") if path.is_file()]
        assert whole
        for path in whole:
            path.write_bytes(path.read_bytes()[:20])
    else:
        (tmp_path / "kernels").write_text("a file where the folder would be")
    said = say(tmp_path)
    assert said[:2] == kept[1][:2]
    assert int(said[2]) > 0


def test_not_where_a_step_is_spread_over_several_devices():
    code = "import jax; from sentiment.models import native; native.allow(); print(jax.device_count(), native.in_use())"
    environment = {"JAX_NUM_CPU_DEVICES": "4", "PATH": ""}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert ended.stdout.split() == ["4", "False"], ended.stderr
