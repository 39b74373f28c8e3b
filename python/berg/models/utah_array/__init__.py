"""Models of activity at the electrodes of Utah arrays."""

from berg.models.utah_array import tvsd_vit_b_32

__all__ = ["tvsd_vit_b_32"]
