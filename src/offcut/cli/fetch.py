"""A photo from a web address, bounded in size and time."""

from __future__ import annotations

import time

from offcut.errors import PhotoAddressError

CONNECT_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 120.0
REDIRECTS_MAX = 5


def fetch(address: str, *, size_max: int, total_timeout_s: float = TOTAL_TIMEOUT_S) -> bytes:
    """The bytes behind an http or https address.

    Stops as soon as more than `size_max` bytes have come or `total_timeout_s` has passed. Raises
    `PhotoAddressError`; its sentence names the status when the server refused.
    """
    import httpx

    ends_at = time.monotonic() + total_timeout_s
    content = bytearray()
    try:
        with (
            httpx.Client(
                follow_redirects=True, max_redirects=REDIRECTS_MAX, timeout=CONNECT_TIMEOUT_S
            ) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code != 200:
                raise PhotoAddressError(f"{address} answers with HTTP status {answer.status_code}.")
            for chunk in answer.iter_bytes(chunk_size=65_536):
                content += chunk
                if len(content) > size_max:
                    raise PhotoAddressError(f"{address} sends more than {size_max // 1_000_000} MB.")
                if time.monotonic() > ends_at:
                    raise PhotoAddressError(f"{address} took longer than {total_timeout_s:.0f} seconds.")
    except httpx.InvalidURL as error:
        raise PhotoAddressError(f"{address} is no valid address: {error}.") from error
    except httpx.HTTPError as error:
        raise PhotoAddressError(
            f"{address} cannot be fetched: {str(error) or type(error).__name__}."
        ) from error
    return bytes(content)
