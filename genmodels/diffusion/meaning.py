"""What a network's answer means, where diffusers wrote it down: in a scheduler's file, not in the network's.

A network of noise, of pictures and of velocities look alike, and so do those of one schedule and another, so
whatever is not understood here is refused: the pictures would only be worse.
"""

from collections.abc import Collection, Mapping
from typing import Any

from genmodels.diffusion import denoiser, schedules
from genmodels.errors import Problem

SCHEDULER = "scheduler_config.json"
BETAS = {  # beta_schedule -> ours, with the beta_start and beta_end that it goes with
    "linear": ("linear", 1e-4, 0.02),
    "scaled_linear": ("scaled_linear", 0.0015, 0.0195),
    "squaredcos_cap_v2": ("cosine", None, None),
}
FIXED = {"num_train_timesteps": schedules.STEPS, "trained_betas": None, "rescale_betas_zero_snr": False}
CONSISTENCY = {"sigma_min": denoiser.LEAST, "sigma_max": 80.0, "sigma_data": denoiser.DATA, "rho": 7.0}
KNOWN = {"prediction": denoiser.PREDICTIONS, "schedule": tuple(schedules.SCHEDULES)}


def meaning(raw: Mapping[str, Any] | None) -> dict[str, str]:
    """`prediction` and `schedule` from a scheduler's file; nothing if there is none."""
    if raw is None:
        return {}
    if raw.get("_class_name") == "CMStochasticIterativeScheduler":
        agree(raw, CONSISTENCY)
        return {"prediction": "consistency"}
    agree(raw, FIXED)
    name = raw.get("beta_schedule", "linear")
    if name not in BETAS:
        raise problem(f"beta_schedule is {name!r}", SCHEDULER)
    schedule, low, high = BETAS[name]
    if low is not None:
        agree({"beta_start": 1e-4, "beta_end": 0.02} | raw, {"beta_start": low, "beta_end": high})
    return {"prediction": raw.get("prediction_type", "epsilon"), "schedule": schedule}


def agree(raw: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for key, value in expected.items():
        if raw.get(key, value) != value:
            raise problem(f"{key} is {raw[key]!r}, not {value!r}", SCHEDULER)


def must_know(config: Any, words: Mapping[str, Collection[str]]) -> None:
    """Each field, or each word of its tuple, is one of those a class knows."""
    for name, known in (KNOWN | dict(words)).items():
        said = getattr(config, name)
        for word in said if isinstance(said, tuple) else (said,):
            if word not in known:
                raise problem(f"{name} is {word!r}, none of {', '.join(map(str, known))}")


def problem(found: str, file: str = "config.json") -> Problem:
    return Problem("config", file=file, found=found)
