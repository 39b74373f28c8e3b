"""The interface of every encoding model."""

from abc import ABC, abstractmethod

from berg.core import cards


class BaseModelInterface(ABC):
    """A model is made with its parameters, loaded, used, and cleaned up; a `with` statement does the last."""

    @abstractmethod
    def load_model(self):
        """Reads the model's files."""

    @abstractmethod
    def generate_response(self, stimulus, **kwargs):
        """Responses to a batch of stimuli: an array whose first dimension is stimuli, or a tuple of them."""

    @classmethod
    @abstractmethod
    def get_metadata(cls, berg_dir=None, subject=None, model_instance=None, **kwargs):
        """Metadata as a nested dict."""

    @classmethod
    @abstractmethod
    def get_model_id(cls):
        """The id that the model is registered under."""

    @abstractmethod
    def cleanup(self):
        """Gives back what load_model took. The model may be loaded again."""

    def __enter__(self):
        return self

    def __exit__(self, exception_type, exception, traceback):
        self.cleanup()

    @staticmethod
    def describe_from_id(model_id):
        """Prints the card of a model and returns it as a dict."""
        card = cards.load(model_id)
        cards.show(cards.layout(card))
        return cards.summary(card)

    def describe(self):
        """Prints this model's card and returns it as a dict."""
        return self.describe_from_id(self.get_model_id())
