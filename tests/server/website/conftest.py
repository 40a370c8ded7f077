"""Visitors and people on the website, on the plain matte and a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.server.api_caller import Caller
from tests.server.plain_runner import plain_runner
from tests.server.website_people import Browser, plain_do

from offcut.server.runners import current
from offcut.server.runners.in_process import InProcessRunner
from offcut.server.website.images import upload_rate


@pytest.fixture(autouse=True)
def image_folder(tmp_path: Path, settings: Any) -> Path:
    """Where this test's images lie."""
    folder = tmp_path / "images"
    settings.STORAGES = {
        **settings.STORAGES,
        "images": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "base_url": None},
        },
    }
    return folder


@pytest.fixture(autouse=True)
def runner() -> Iterator[InProcessRunner]:
    """The process's runner, without networks."""
    plain = plain_runner(cut=plain_do)
    current.use(plain)
    upload_rate.forget()
    yield plain
    current.use(None)
    plain.stop(5)


@pytest.fixture
def visitor(db: None) -> Browser:
    """Somebody without an account."""
    return Browser()


@pytest.fixture
def alice(db: None) -> Caller:
    """A team with its gift credit and ten more."""
    return Caller.make("alice", credit_count=10)


@pytest.fixture
def signed_in(alice: Caller) -> Browser:
    """Alice's browser."""
    client = Client()
    client.force_login(alice.person)
    return Browser(client)
