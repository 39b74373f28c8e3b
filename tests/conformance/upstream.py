"""The pipeline that users run today, from its description in docs/formats.md: torchvision's network and
transform, and scikit-learn objects whose fitted attributes are set from the file."""
import numpy as np
import torch
import torchvision
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

BATCH = 100


def transform():
    """What the published weights ask for; making it downloads nothing."""
    return torchvision.models.ViT_B_32_Weights.IMAGENET1K_V1.transforms()


def network(backbone):
    """vit_b_32 on the CPU with the weights of `backbone`, a dict of arrays without final norm and head."""
    model = torchvision.models.vit_b_32(weights=None)
    state = {name: torch.from_numpy(np.array(value)) for name, value in backbone.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.startswith(("encoder.ln.", "heads.")) for name in missing)
    return model.eval()


def block_outputs(model, inputs):
    """float32 (images, 12, 50, 768): what the twelve blocks hand on, caught by hooks."""
    caught = []
    hooks = [block.register_forward_hook(lambda module, arguments, output: caught.append(output))
             for block in model.encoder.layers]
    with torch.no_grad():
        model(inputs)
    for hook in hooks:
        hook.remove()
    return torch.stack(caught, dim=1).numpy()


def estimators(weights):
    """Scaler, PCA and regression as fitted objects, with every stored attribute set."""
    objects = StandardScaler(), PCA(), LinearRegression()
    for target, part in zip(objects, ("scaler_param", "pca_param", "reg_param")):
        for name, value in weights[part].items():
            setattr(target, name, value)
    regression = objects[2]
    regression.coef_ = regression.coef_.astype(np.float32)
    regression.intercept_ = regression.intercept_.astype(np.float32)
    return objects


def encode(model, weights, stimuli):
    """float32 (images, voxels) of stimuli as users give them: uint8 (images, 3, height, width)."""
    scaler, pca, regression = estimators(weights)
    inputs, parts = transform()(torch.from_numpy(stimuli)), []
    for first in range(0, len(inputs), BATCH):
        features = block_outputs(model, inputs[first:first + BATCH]).reshape(-1, 460800)
        scores = pca.transform(scaler.transform(features)).astype(np.float32)
        parts.append(regression.predict(scores).astype(np.float32))
    return np.concatenate(parts)
