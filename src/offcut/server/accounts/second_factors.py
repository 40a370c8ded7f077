"""Secrets of second factors are kept encrypted: a copy of the database alone signs nobody in."""

from __future__ import annotations

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings


class SecondFactorAdapter(DefaultMFAAdapter):
    """Encrypts with a key made from OFFCUT_SECRET_KEY.

    After that key is changed, second factors have to be set up anew (`offcut admin reset-second-factor`).
    """

    def encrypt(self, text: str) -> str:
        """What is written to the database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was encrypted; raises InvalidToken after the secret key was changed."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    key = hashlib.sha256(b"second factors:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
