"""How long to fuzz.

Short by default, and the same examples every time where `CI` is set (hypothesis's own profile
"ci").  Long by hand: ``pytest tests/fuzz --hypothesis-profile=long``.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "long",
    max_examples=5000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
