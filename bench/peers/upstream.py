"""The pipeline that users run today, re-expressed in tests/conformance/upstream.py: torchvision and scikit-learn."""
import numpy as np

from .case import WHOLE
from .pipeline import Pipeline

PACKAGES = ("torch", "torchvision", "scikit-learn", "numpy")


class Peer(Pipeline):
    def __init__(self, case, precision, figures):
        import torch
        import upstream

        from .network import vit_b_32
        torch.set_num_threads(case.threads)
        self.pipeline, self.network = upstream, vit_b_32(case.backbone)
        self.transform, self.tensor = upstream.transform(), torch.from_numpy
        super().__init__(case, figures)

    def readout(self, figure):
        """The fitted objects are made once, a kindness to a pipeline whose regression is copied with them."""
        weights = self.case.weights
        if figure != WHOLE:
            regression = weights["reg_param"]
            rows = {name: regression[name][self.case.voxels] for name in ("coef_", "intercept_")}
            weights = {**weights, "reg_param": {**regression, **rows}}
        scaler, pca, regression = self.pipeline.estimators(weights)

        def respond(features):
            scores = pca.transform(scaler.transform(features)).astype(np.float32)
            return regression.predict(scores).astype(np.float32)
        return respond

    def inputs(self, images):
        return self.transform(self.tensor(images))

    def forward(self, inputs):
        return self.pipeline.block_outputs(self.network, inputs)
