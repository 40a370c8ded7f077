"""BiRefNet: Zheng et al., "Bilateral Reference for High-Resolution Dichotomous Image Segmentation"
(CAAI AIR 2024). Its transformer's windows are laid out for squares of 1024, and only those."""

from offcut.engine.models.families.family import Family

FAMILY = Family(
    side=1024, step=0, mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375), logits=True
)
