"""Models that were fitted to all training trials, and to each quarter of them."""

from berg.core.exceptions import InvalidParameterError
from berg.core.shown import shown
from berg.models.encoding_model import EncodingModel


def _one_of(value, values, name):
    if not isinstance(value, str) or value not in values:
        raise InvalidParameterError(f"{name}: expected one of {values}, found {shown(value)}")
    return value


class SplitModel(EncodingModel):
    """Takes the training split under upstream's name of today, `train_splits`, or of before, `train_split`.

    Attributes
    ----------
    train_splits : str
        "all" or "single"; of one quarter "split1", "split2", ...
    """

    VALID_TRAIN_SPLITS = []
    _QUARTERS = 0

    def _take_split(self, train_splits, train_split):
        everything = self.VALID_TRAIN_SPLITS[0]
        self.train_splits = _one_of(train_splits, self.VALID_TRAIN_SPLITS, "train_splits")
        if train_split is None:
            return
        if train_splits != everything:
            raise InvalidParameterError("train_split: expected train_splits or train_split, found both")
        quarters = [f"split{k + 1}" for k in range(self._QUARTERS)]
        train_split = _one_of(train_split, ["full", *quarters], "train_split")
        self.train_splits = everything if train_split == "full" else train_split

    def _options(self):
        return {"train_splits": self.train_splits}

    def _arguments(self):
        names = ("train_splits", "train_split")
        name = names[self.train_splits not in self.VALID_TRAIN_SPLITS]
        return {**super()._arguments(), name: self.train_splits}
