"""What `import offcut` offers, and what it costs."""

from __future__ import annotations

import offcut

PUBLIC_NAMES = {"OffcutError", "__version__"}


def test_the_public_names_are_these() -> None:
    assert set(offcut.__all__) == PUBLIC_NAMES
    assert all(hasattr(offcut, name) for name in PUBLIC_NAMES)
