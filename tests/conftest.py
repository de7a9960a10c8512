"""Settings for the whole suite."""

from hypothesis import settings

# Times on a shared machine say nothing about the code; pytest shows slow tests with --durations.
settings.register_profile("docagent", deadline=None)
settings.load_profile("docagent")
