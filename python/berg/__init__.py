"""Encoding models of the visual brain: images in, the fMRI response of every voxel out.

from berg import BERG

berg = BERG(berg_dir="path/to/brain-encoding-response-generator")
model = berg.get_encoding_model("fmri-things_fmri_1-vit_b_32", subject=1, selection={"roi": ["V1"]})
responses = berg.encode(model, images)  # uint8 [n, 3, height, width] -> float32 [n, voxels]
"""

import logging

from berg import _berg, models  # models: registers those known
from berg.core.berg import BERG
from berg.volumes import to_nifti

__all__ = ["BERG", "__version__", "models", "to_nifti"]
__version__ = _berg.version()

# A library leaves it to the program whether and where its messages appear.
logging.getLogger("berg").addHandler(logging.NullHandler())
