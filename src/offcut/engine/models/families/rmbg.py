"""BRIA RMBG 2.0: BiRefNet's architecture, exported with the sigmoid inside."""

from offcut.engine.models.families.family import Family

FAMILY = Family(side=1024, step=0, mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375))
