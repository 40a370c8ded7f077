"""Which server is asked with which key: what is given, and what the environment says."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from offcut.client import Client, find_server
from offcut.errors import ServiceSetupError

URL, KEY = "https://photos.example.com", "given-key"


@pytest.mark.parametrize(
    ("given", "environment", "url", "key"),
    [
        ((URL, KEY), {}, URL, KEY),
        ((None, None), {"OFFCUT_API_URL": URL, "OFFCUT_API_KEY": "ours"}, URL, "ours"),
        ((None, None), {"OFFCUT_API_URL": URL, "REMOVE_BG_API_KEY": "theirs"}, URL, "theirs"),
        (
            (None, None),
            {"OFFCUT_API_URL": URL, "OFFCUT_API_KEY": "ours", "REMOVE_BG_API_KEY": "theirs"},
            URL,
            "ours",
        ),
        ((URL, KEY), {"OFFCUT_API_URL": "http://other", "REMOVE_BG_API_KEY": "theirs"}, URL, KEY),
        ((URL, KEY), {"OFFCUT_API_KEY": "ours"}, URL, KEY),
        (("", ""), {"OFFCUT_API_URL": f" {URL}\n", "OFFCUT_API_KEY": "ours\n"}, URL, "ours"),
        ((URL, None), {"OFFCUT_API_KEY": "", "REMOVE_BG_API_KEY": "theirs"}, URL, "theirs"),
    ],
)
def test_what_is_given_beats_the_environment(
    given: Any, environment: dict[str, str], url: str, key: str
) -> None:
    server = find_server(*given, environment=environment)
    assert (server.url, server.api_key) == (url, key)


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1.0/removebg"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1.0/removebg"),
        ("https://example.com/photos/", "https://example.com/photos/v1.0/removebg"),
        ("https://example.com/v1.0", "https://example.com/v1.0/removebg"),
        ("https://example.com/v1.0/", "https://example.com/v1.0/removebg"),
        ("https://example.com/v1.0/removebg", "https://example.com/v1.0/removebg"),
        ("https://example.com/?a=b#c", "https://example.com/v1.0/removebg"),
        ("http://[::1]:8000", "http://[::1]:8000/v1.0/removebg"),
    ],
)
def test_the_address_may_be_written_in_many_ways(address: str, endpoint: str) -> None:
    assert find_server(address, KEY, environment={}).endpoint("removebg") == endpoint


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((None, KEY), "No server was named"),
        ((URL, None), "No API key"),
        (("photos.example.com", KEY), "http://"),
        (("ftp://example.com", KEY), "http://"),
        (("http://", KEY), "http://"),
        (("http://[::1", KEY), "no valid address"),
        ((URL, "two words"), "characters"),
        ((URL, "line\nbreak"), "characters"),
        ((URL, "schlüssel"), "characters"),
    ],
)
def test_what_cannot_be_is_told_at_once(given: Any, sentence: str) -> None:
    with pytest.raises(ServiceSetupError, match=sentence) as refused:
        find_server(*given, environment={})
    assert "words" not in str(refused.value)
    assert refused.value.hint


def test_a_client_reads_the_environment(service: Any, recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFCUT_API_URL", service.url)
    monkeypatch.setenv("REMOVE_BG_API_KEY", recorded.KEY)
    with Client() as client:
        assert client.account().free_calls == 50


def test_secrets_are_in_no_repr() -> None:
    server = find_server("https://me:password@example.com", "the-key", environment={})
    with Client("https://me:password@example.com", "the-key") as client:
        shown = f"{server!r} {client!r} {vars(client)!r}"
    assert "the-key" not in shown
    assert "password" not in shown


def test_the_client_needs_nothing_of_ours_but_the_errors() -> None:
    code = "import offcut.client, sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    ours = {name for name in loaded if name.startswith("offcut.") and not name.startswith("offcut.client")}
    assert ours == {"offcut.errors", "offcut.library"}  # the library comes with the package and is light
    assert not loaded & {"numpy", "PIL", "cv2", "openvino", "typer", "django"}
