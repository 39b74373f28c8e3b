"""A network that hands out its twelve block outputs, then scaler, PCA and regression in float32 NumPy: what a user of ONNX Runtime,
OpenVINO or torch alone would write."""
import time

import numpy as np

from .case import FEATURES, FORWARD, WHOLE


class Pipeline:
    """A peer gives forward(inputs) -> float32 (n, FEATURES); `figures`: which of WHOLE, the region and FORWARD are asked for."""

    def __init__(self, case, figures):
        self.case, self.figures = case, figures
        self.readouts = {figure: self.readout(figure) for figure in figures if figure != FORWARD}

    def readout(self, figure):
        return Readout(self.case, figure)

    def inputs(self, images):
        return self.case.normalised(images)

    def run(self, images):
        """{figure: (seconds, values)}. What whole brain and region share is computed once and counted in both."""
        begin = time.perf_counter()
        inputs = self.inputs(images)
        prepared = time.perf_counter()
        features = self.forward(inputs).reshape(-1, FEATURES)
        done = time.perf_counter()
        results = {FORWARD: (done - prepared, features)}
        for figure, readout in self.readouts.items():
            start = time.perf_counter()
            responses = readout(features)
            results[figure] = done - begin + time.perf_counter() - start, responses
        return {figure: results[figure] for figure in self.figures}


class Readout:
    """(features - mean) / scale @ components.T @ coef.T + intercept. The matrices are mapped from plain .npy files (prepare.py):
    nothing is unpickled, and the workers share their pages."""

    def __init__(self, case, figure):
        self.mean, self.scale, self.components, coef, intercept = (
            np.load(case.path("matrices") / f"{name}.npy", mmap_mode="r")
            for name in ("mean", "scale", "components", "coef", "intercept"))
        rows = slice(None) if figure == WHOLE else case.voxels
        self.coef, self.intercept = coef[rows], intercept[rows]

    def __call__(self, features):
        standardised = features - self.mean
        standardised /= self.scale
        scores = (self.components @ standardised.T).T  # this way round OpenBLAS's threads wait far less for each other
        responses = scores @ self.coef.T
        responses += self.intercept
        return responses
