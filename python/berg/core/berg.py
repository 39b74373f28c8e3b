"""BERG: the way in. Finds models by name, loads them, encodes images with them."""

import inspect

from berg import many
from berg import trials as trials_of
from berg.core import cards, folder, model_registry
from berg.core.exceptions import InvalidParameterError, ModelNotFoundError
from berg.core.shown import shown
from berg.interfaces.base_model import BaseModelInterface


def _is_needed(model_class, name):
    parameter = inspect.signature(model_class).parameters.get(name)
    return parameter is not None and parameter.default is parameter.empty


class BERG:
    """Encoding models kept in `berg_dir`, a folder in the layout of brain-encoding-response-generator; None: that of the
    environment's BERG_DIR.

    The path is not looked at before a model is loaded.
    """

    def __init__(self, berg_dir=None):
        self.berg_dir = folder.known(berg_dir)

    def get_model_catalog(self, print_format=False):
        """{modality: sorted training datasets} of all models; printed too with `print_format`."""
        catalog = {}
        for entry in model_registry.MODEL_REGISTRY.values():
            catalog.setdefault(entry["modality"] or "other", set()).add(entry["training_dataset"] or "other")
        catalog = {modality: sorted(datasets) for modality, datasets in catalog.items()}
        if print_format:
            cards.show("Models by modality and training dataset\n" + "=" * 33)
            for modality in sorted(catalog):
                cards.show(
                    "\n".join(
                        [f"• {modality.upper()}", *(f"  └─ {dataset}" for dataset in catalog[modality]), ""]
                    )
                )
        return catalog

    def list_models(self, expand_brainscore_vision=False, expand_brainscore_language=False):
        """Sorted ids of all models. There are none of Brain-Score to expand: the arguments change nothing."""
        return sorted(model_registry.get_available_models())

    def describe(self, model_id):
        """Prints the model's card and returns it as a dict. ModelNotFoundError: no model of that id."""
        return BaseModelInterface.describe_from_id(model_id)

    def get_encoding_model(self, model_id, device="auto", selection=None, **kwargs):
        """Loads a model and returns it, ready for encode().

        Parameters
        ----------
        model_id : str
            One of list_models().
        device : str
            "cpu", "cuda" or "auto".
        selection : dict or str, optional
            Which voxels, channels, times, ...; the model's card says what it takes. A str is an expression, such as
            "V1 + V2 & ceiling > 20" (docs/selections.md). None or {}: all.
        **kwargs
            What the model's class takes: `subject` first of all, of some models `train_splits`.

        ModelNotFoundError: no model of that id. InvalidParameterError, ValidationError: a parameter does not
        fit. TypeError: one that the class does not know. ModelLoadError: a file is missing or corrupt. ResourceError:
        device or memory is not available.
        """
        try:
            model_class = model_registry.get_model_class(model_id)
        except ValueError as error:
            raise ModelNotFoundError(str(error)) from None
        if "subject" not in kwargs and _is_needed(model_class, "subject"):
            there = getattr(model_class, "VALID_SUBJECTS", None) or [1]
            raise TypeError(
                f"subject: which one? One of {list(there)}: get_encoding_model({model_id!r}, subject={there[0]!r})"
            )
        model = model_class(device=device, selection=selection, berg_dir=self.berg_dir, **kwargs)
        model.load_model()
        return model

    def encode(self, model, stimulus, return_metadata=False, **kwargs):
        """Responses of `model` to `stimulus`; with `return_metadata` the pair (responses, metadata).

        What form they have is the model's: one array, or of two hemispheres a tuple of two. `kwargs` go to the model's
        generate_response: show_progress, out, ...
        """
        if not hasattr(model, "generate_response"):
            raise InvalidParameterError(f"model: expected what get_encoding_model returns, found {type(model).__name__}")
        responses = model.generate_response(stimulus, **kwargs)
        if not return_metadata:
            return responses
        return responses, model.get_metadata(
            berg_dir=self.berg_dir, subject=getattr(model, "subject", None), model_instance=model
        )

    def encode_many(self, models, stimulus, show_progress=True):
        """Responses of several models in one pass over the images: berg.encode_many."""
        return many.encode_many(models, stimulus, show_progress)

    def encode_trials(self, model, stimulus, trials=1, seed=0, mode="complete", **kwargs):
        """Simulated single trials of images: berg.encode_trials."""
        return trials_of.encode_trials(model, stimulus, trials, seed, mode, **kwargs)

    def get_model_metadata(self, model_id, **kwargs):
        """Metadata of a model as a dict, without loading it; `kwargs` say of which (subject=1).

        ModelNotFoundError: no model of that id. InvalidParameterError: no such subject. ModelLoadError: the
        file is missing (MissingMetadataError, an InvalidParameterError too) or corrupt.
        """
        try:
            model_class = model_registry.get_model_class(model_id)
        except ValueError as error:
            raise ModelNotFoundError(str(error)) from None
        return model_class.get_metadata(berg_dir=self.berg_dir, **kwargs)

    def get_model_variants(self, model_id):
        """Ids of a model's variants: none here. ModelNotFoundError: no model of that id."""
        if model_id not in model_registry.MODEL_REGISTRY:
            raise ModelNotFoundError(f"no model {shown(model_id)}; there are: {', '.join(self.list_models())}")
        return []
