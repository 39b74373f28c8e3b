"""Where in the brain a column is, and values of voxels as NIfTI volumes."""

import math
from dataclasses import dataclass

import numpy as np

from berg import _berg
from berg.core.exceptions import InvalidParameterError
from berg.core.shown import shown


@dataclass(frozen=True)
class Voxels:
    """The voxels behind the columns of a model's responses.

    Attributes
    ----------
    index : int64 array (columns,)
        Into the metadata's arrays of one value a voxel.
    coordinates : int64 array (columns, 3)
        x, y, z in the subject's volume.
    rois : object array (columns,)
        The names of the ROIs that the voxel is in, a tuple: () where it is in none.
    """

    index: np.ndarray
    coordinates: np.ndarray
    rois: np.ndarray

    def __len__(self):
        return len(self.index)

    def in_roi(self, name):
        """bool (columns,): which columns are of this ROI."""
        return np.fromiter((name in names for names in self.rois), bool, len(self.rois))


def voxels_of(index, metadata):
    """Voxels of the columns `index`, from the nested metadata."""
    names = [()] * len(metadata["fmri"]["voxel_coords"])
    for name, members in metadata.get("roi", {}).items():
        for voxel in members:
            names[voxel] += (name,)
    rois = np.empty(len(index), object)
    rois[:] = [names[voxel] for voxel in index]
    return Voxels(index, metadata["fmri"]["voxel_coords"][index], rois)


def _native(array):
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _outside(value):
    if isinstance(value, (int, float, np.number)) and (value == 0 or math.isnan(value)):
        return "0" if value == 0 else None  # None: NaN for real numbers, 0 for whole ones
    raise InvalidParameterError(f"outside: expected nan or 0, found {shown(value)}")


def to_nifti(
    model, values, path, like=None, affine=None, outside=math.nan, *, voxels=None, force=False, sidecar=False
):
    """Writes one value a voxel as a NIfTI volume, each at the place of its voxel; returns the path.

    Parameters
    ----------
    model : model or dict
        A loaded model, or the metadata of a subject (BERG.get_model_metadata).
    values : array (n,) or (rows, n)
        One value for each column of the model's responses, or for each voxel of the subject: a volume of three
        dimensions, with rows of four. Number types are kept; bool becomes uint8, float16 becomes float32.
    path : str or path
        .nii.gz or .nii.
    like : str or path, optional
        A NIfTI of the same grid, such as the subject's brain mask: it gives size, affine and units.
    affine : array (4, 4), optional
        Voxel indices to millimetres. With neither of the two the space is unknown, and the file says so.
    outside : nan or 0
        What is in the volume where there are no values. Whole numbers have no nan: for them it is 0.
    voxels : int array (n,), optional
        The voxels that the values are of, where that is neither all voxels nor the model's columns.
    force, sidecar : bool
        Replace a file that is there; write a .json beside it that says where it came from.

    InvalidParameterError: values that do not fit. ModelLoadError: `like` does not fit the subject's voxels.
    FileExistsError, OSError: the file is there already, or cannot be written.
    """
    metadata = model if isinstance(model, dict) else model.metadata
    if "voxel_coords" not in metadata.get("fmri", {}):
        raise InvalidParameterError("model: expected one with voxels in a volume, found none in its metadata")
    coordinates = np.asarray(metadata["fmri"]["voxel_coords"])
    values = _native(np.asarray(values))
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8 or values.ndim not in (1, 2):
        raise InvalidParameterError(
            f"values: expected numbers of one or two dimensions, found {values.dtype} {values.shape}"
        )
    selected = getattr(model, "selected_voxels", None)
    if voxels is None and selected is not None and values.shape[-1] == len(selected):
        voxels = selected
    if voxels is not None:
        voxels = np.asarray(voxels)
        if voxels.ndim != 1 or voxels.dtype.kind not in "iu" or (voxels.size and voxels.min() < 0):
            raise InvalidParameterError("voxels: expected indices of voxels, in one dimension")
        voxels = np.ascontiguousarray(voxels, np.uint64)
    if affine is not None:
        affine = np.ascontiguousarray(affine, np.float64)
        if affine.shape != (4, 4):
            raise InvalidParameterError(f"affine: expected shape (4, 4), found {affine.shape}")
    _berg.to_nifti(_native(coordinates), values, voxels, path, like, affine, _outside(outside), force, sidecar)
    return path
