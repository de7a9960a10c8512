"""The routes below ``/v1``, by what they are about."""
