from __future__ import annotations

import pytest

from errors import BadRequest
from pipelines.training.settings import GIB, Machine, TrainingSettings, choose, estimate

SMALL = Machine("cpu", 8 * GIB, small=True, native_size=64, starts_from_pictures=True, pack_strength=0.12)
CARD = Machine("cuda", 23 * GIB, small=False, native_size=1024)


def test_presets_grow_with_quality_and_images() -> None:
    fast, balanced, quality = (choose(name, 10, SMALL) for name in ("fast", "balanced", "quality"))
    assert fast.steps < balanced.steps < quality.steps
    assert fast.rank <= balanced.rank <= quality.rank
    assert choose("balanced", 40, SMALL).steps > balanced.steps
    assert balanced.noise_to < 0.3  # as it is used: from a picture, not from noise
    assert choose("balanced", 10, CARD).noise_to == 1.0
    assert balanced.lessons > 0 and choose("balanced", 10, CARD).lessons == 0


def test_balanced_on_the_built_in_model_stays_under_ten_minutes() -> None:
    assert estimate(choose("balanced", 10, SMALL), SMALL).seconds < 600


def test_what_does_not_fit_is_said_before_the_start() -> None:
    tight = Machine("cuda", 6 * GIB, small=False, native_size=1024)
    assert "needs about 10 GB" in estimate(choose("balanced", 10, tight), tight).warning
    assert estimate(choose("balanced", 10, CARD), CARD).warning == ""
    no_card = Machine("cpu", 64 * GIB, small=False, native_size=1024)
    assert "days" in estimate(choose("fast", 10, no_card), no_card).warning


def test_an_unknown_preset_names_those_that_there_are() -> None:
    with pytest.raises(BadRequest, match="fast, balanced, quality"):
        choose("ultra", 10, SMALL)


def test_settings_survive_json() -> None:
    settings = choose("quality", 12, CARD)
    assert TrainingSettings.from_dict({**settings.to_dict(), "added_later": 1}) == settings
