"""Random tokens for keys and links, and the digest we keep of them."""

from __future__ import annotations

import hashlib
import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def random_letters(count: int) -> str:
    """`count` random letters and digits, 5.95 bits each."""
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def digest(token: str) -> str:
    """SHA-256 of the token, in hex.

    A slow password hash guards guessable secrets. These tokens carry 190 bits and more, so guessing is
    out of reach either way, and a key is checked on every call of the API.
    """
    return hashlib.sha256(token.encode()).hexdigest()
