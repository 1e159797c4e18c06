"""Tiny guests on both backends: ``tiny(code, user=True)`` is a context manager; and KVM alone."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from backends.guests import TinyGuest

from nanvix.kvm import probe

Tiny = Callable[..., TinyGuest]


@pytest.fixture
def tiny(backend: str) -> Tiny:
    """Makes guests on the backend under test."""
    create = import_module(f"nanvix.{backend}").create

    def make(code: bytes, **options: Any) -> TinyGuest:
        return TinyGuest(create, code, **options)

    return make


@pytest.fixture(params=["kvm"])
def kvm() -> None:
    """For tests of KVM alone: skips, with the reason, where there is none."""
    found = probe()
    if not found.available:
        pytest.skip(found.reason)
