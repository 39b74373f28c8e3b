"""The name that upstream's module had before: see tvsd_vit_b_32."""

from berg.models.utah_array.tvsd_vit_b_32 import UtahArrayEncodingModel

__all__ = ["UtahArrayEncodingModel"]
