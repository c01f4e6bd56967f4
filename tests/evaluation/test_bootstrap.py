"""Resampled means against a loop over the same draws, and what intervals say."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.bootstrap import Array, difference, interval, resampled_means

QUESTIONS = 60


@pytest.fixture(scope="module")
def values() -> Array:
    random = np.random.default_rng(5)
    base = random.random(QUESTIONS)
    return np.stack([base, base + 0.2, base + random.normal(0, 0.5, QUESTIONS)], axis=1)


def test_equal_to_a_loop(values: Array) -> None:
    random = np.random.default_rng(3)
    draws = random.integers(0, QUESTIONS, (40, QUESTIONS))
    slow = np.array([values[draw].mean(axis=0) for draw in draws])
    np.testing.assert_allclose(resampled_means(values, rounds=40, seed=3), slow, atol=1e-12)


def test_a_constant_difference_has_no_spread(values: Array) -> None:
    means = resampled_means(values, rounds=500)
    apart = difference(means[:, 1], means[:, 0], of=(values[:, 1].mean(), values[:, 0].mean()))
    assert (apart.mean, apart.low, apart.high) == pytest.approx((0.2, 0.2, 0.2))
    assert apart.better == 1.0
    assert not apart.tie


def test_noise_is_a_tie(values: Array) -> None:
    means = resampled_means(values, rounds=500)
    assert difference(means[:, 2], means[:, 0], of=(0.0, 0.0)).tie


def test_the_interval_is_that_of_the_normal_distribution(values: Array) -> None:
    low, high = interval(resampled_means(values)[:, 0])
    error = 1.96 * values[:, 0].std() / np.sqrt(QUESTIONS)
    assert (low, high) == pytest.approx((values[:, 0].mean() - error, values[:, 0].mean() + error), abs=0.01)


def test_a_metric_of_some_questions_is_averaged_over_those() -> None:
    column = np.full((QUESTIONS, 1), np.nan)
    column[:20] = 0.25
    assert resampled_means(column, rounds=50) == pytest.approx(np.full((50, 1), 0.25))
