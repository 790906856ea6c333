"""Hypothesis profiles: `ci`, the default, is quick and always the same; `long` searches.

HYPOTHESIS_PROFILE=long python -m pytest -m "slow or not slow"    is the nightly run.
"""

import os

from hypothesis import HealthCheck, settings

PATIENT = (HealthCheck.too_slow,)  # a slow machine is no failure

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=PATIENT,
)
settings.register_profile(
    "long",
    max_examples=1000,
    deadline=None,
    print_blob=True,
    suppress_health_check=PATIENT,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
