"""U²-Net: Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection"
(Pattern Recognition 2020). Coarse, but it sees the whole: few holes."""

from offcut.engine.models.families.family import Family

FAMILY = Family(
    side=320, step=32, mean=(123.675, 116.28, 103.53), deviation=(58.395, 57.12, 57.375), stretched=True
)
