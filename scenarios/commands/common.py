"""What the commands that drive share."""

from __future__ import annotations

from enum import StrEnum


class EyesName(StrEnum):
    """Whose eyes the driver sees with."""

    NETWORK = "network"
    ORACLE = "oracle"
    BLIND = "blind"
