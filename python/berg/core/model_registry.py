"""The models known to the package: id -> where its class is and what it models."""

import difflib
import importlib

from berg.core.shown import shown

MODEL_REGISTRY = {}


def register_model(
    model_id, module_path, class_name=None, modality=None, training_dataset=None, yaml_path=None
):
    """Adds a model, or replaces the one of that id.

    `module_path` is the dotted name of the module that holds the class `class_name` (default: the id).
    `yaml_path` is the file of the model's card, with the keys of upstream's cards (berg.core.cards reads it).
    """
    MODEL_REGISTRY[model_id] = {
        "module_path": module_path,
        "class_name": class_name or model_id,
        "modality": modality,
        "training_dataset": training_dataset,
        "yaml_path": yaml_path,
    }


def _nearest(model_id):
    """", did you mean ...?", of the id that is spelt most like it, or has it within; or ""."""
    text = str(model_id)
    near = difflib.get_close_matches(text, MODEL_REGISTRY, 1) or [known for known in MODEL_REGISTRY if text and text in known]
    return f", did you mean {near[0]}?" if len(near) == 1 else ""


def get_model_class(model_id):
    """The class of a model, imported now. ValueError: no model of that id."""
    if model_id not in MODEL_REGISTRY:
        known = ", ".join(sorted(MODEL_REGISTRY))
        raise ValueError(f"Model {shown(model_id)} not found{_nearest(model_id)}; known are: {known}")
    entry = MODEL_REGISTRY[model_id]
    return getattr(importlib.import_module(entry["module_path"]), entry["class_name"])


def get_available_models():
    """The ids of all models, in the order of their registration."""
    return list(MODEL_REGISTRY)
