"""libberg from Python. The block outputs, which the package does not expose, come from berg.h by ctypes."""
import ctypes
import os
import subprocess
import sys
import time

import numpy as np

from .case import FEATURES, FORWARD, MODEL, SUBJECT, WHOLE

PACKAGES = ("numpy",)


def backbone(case):
    return case.path("libberg") / "vit.safetensors"


def prepare(case, precision):
    """The backbone without a pickle, as users are advised to keep it; the library converts it to the precision."""
    with case.making("libberg") as folder:
        if folder:
            command = [f"{case.build}/berg", "convert", case.backbone, folder / "vit.safetensors"]
            subprocess.run(command, check=True, stdout=sys.stderr)


class Peer:
    def __init__(self, case, precision, figures):
        sys.path.insert(0, os.path.join(case.build, "python"))
        from berg import BERG
        self.case, self.berg = case, BERG(berg_dir=case.berg_dir)
        self.models = {figure: self.open(figure, precision) for figure in figures if figure != FORWARD}
        self.features = Features(case, precision) if FORWARD in figures else None

    def open(self, figure, precision):
        selection = None if figure == WHOLE else {"roi": [figure]}
        return self.berg.get_encoding_model(MODEL, subject=SUBJECT, selection=selection, backbone=str(backbone(self.case)),
                                            precision=precision, strict=True, threads=self.case.threads, isa=self.case.isa)

    def run(self, images):
        results = {}
        for figure, model in self.models.items():
            start = time.perf_counter()
            responses = self.berg.encode(model, images, show_progress=False)
            results[figure] = time.perf_counter() - start, responses
        if self.features:
            start = time.perf_counter()
            features = self.features(images)
            results[FORWARD] = time.perf_counter() - start, features
        return results


class Selection(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("names", ctypes.POINTER(ctypes.c_char_p)), ("count", ctypes.c_size_t),
                ("marks", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("berg_dir", ctypes.c_char_p), ("backbone", ctypes.c_char_p), ("subjects", ctypes.c_void_p),
                ("subject_count", ctypes.c_size_t), ("selection", ctypes.POINTER(Selection)), ("selection_count", ctypes.c_size_t),
                ("train_splits", ctypes.c_char_p), ("min_noise_ceiling", ctypes.c_double),
                ("mean_roi", ctypes.c_int), ("device", ctypes.c_char_p), ("precision", ctypes.c_char_p), ("strict", ctypes.c_int),
                ("cache", ctypes.c_char_p), ("threads", ctypes.c_int),
                ("batch", ctypes.c_size_t), ("memory", ctypes.c_size_t), ("warn", ctypes.c_void_p), ("warn_user", ctypes.c_void_p),
                ("scores_only", ctypes.c_int), ("reserved", ctypes.c_int), ("select", ctypes.c_char_p), ("run", ctypes.c_void_p),
                ("isa", ctypes.c_char_p)]


# An error has more fields than these: hence the padding at its end.
class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 768), ("rest", ctypes.c_char * 4096)]


class Array(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("itemsize", ctypes.c_size_t), ("ndim", ctypes.c_size_t),
                ("shape", ctypes.c_size_t * 8), ("strides", ctypes.c_ssize_t * 8), ("data", ctypes.c_void_p)]


U8, NCHW = 1, 0  # BERG_U8, BERG_NCHW


class Features:
    """uint8 (n, 3, height, width) -> float32 (n, FEATURES), of a model of the region, whose readout it does not use."""

    def __init__(self, case, precision):
        self.library, self.model = ctypes.CDLL(os.path.join(case.build, "libberg.so")), ctypes.c_void_p()
        options = Options()
        self.library.berg_model_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options)))
        options.berg_dir, options.backbone = case.berg_dir.encode(), str(backbone(case)).encode()
        names = (ctypes.c_char_p * 1)(case.roi.encode())
        options.selection, options.selection_count = ctypes.pointer(Selection(b"roi", names, 1)), 1
        options.precision, options.threads, options.isa = precision.encode(), case.threads, case.isa.encode()
        self.call("berg_model_open", ctypes.byref(self.model), MODEL.encode(), ctypes.byref(options))

    def call(self, name, *arguments):
        error = Error()
        if getattr(self.library, name)(*arguments, ctypes.byref(error)):
            raise RuntimeError(error.message.decode())

    def __call__(self, images):
        array = Array(dtype=U8, itemsize=1, ndim=4, data=images.ctypes.data)
        array.shape[:4], array.strides[:4] = images.shape, images.strides
        stimuli, features = ctypes.c_void_p(), np.empty((len(images), FEATURES), np.float32)
        self.call("berg_stimuli_from_array", ctypes.byref(stimuli), ctypes.byref(array), NCHW)
        try:
            self.call("berg_encode_features", self.model, stimuli, features.ctypes.data_as(ctypes.c_void_p), None)
        finally:
            self.library.berg_stimuli_free(stimuli)
        return features
