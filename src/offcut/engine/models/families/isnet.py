"""IS-Net: Qin et al., "Highly Accurate Dichotomous Image Segmentation" (ECCV 2022).

A U²-Net that starts at half the photo's size. Trained on squares of 1024; at 640-896 it sees large
subjects whole, at 1024 it draws the finest hair.
"""

from offcut.engine.models.families.family import Family

FAMILY = Family(side=1024, step=64, mean=(128.0, 128.0, 128.0), deviation=(256.0, 256.0, 256.0))
