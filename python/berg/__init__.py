"""Encoding models of the visual brain: images in, responses in fMRI, EEG, MEG and at electrodes out.

from berg import BERG

berg = BERG(berg_dir="path/to/brain-encoding-response-generator")
model = berg.get_encoding_model("fmri-things_fmri_1-vit_b_32", subject=1, selection={"roi": ["V1"]})
responses = berg.encode(model, images)  # uint8 [n, 3, height, width] -> float32 [n, voxels]

Several models, of any data sets, in one pass: encode_many. What single trials would measure: encode_trials.

The published files of models, downloaded: fetch.

Scores of many images, kept and asked: score, merge, ScoreStore; rank, contrast, rsm, rsa, control; draw_pictures,
plot_control.

Models that another process keeps open, berg serve: Client.

Training such models: simulate, simulate_prepared, prepare, train, evaluate. The same solver on arrays of one's own: fit,
correlate, reliability.
How well models predict: report, plot_accuracy.
"""

import logging

from berg import _berg, models, shadow  # models: registers those known
from berg.asking import contrast, draw_pictures, rank
from berg.client import Client
from berg.comparison import compare
from berg.control import control, plot_control
from berg.core.berg import BERG
from berg.fetching import fetch
from berg.many import encode_many
from berg.report import plot_accuracy, report
from berg.scores import ScoreStore, merge, score
from berg.similarity import rsa, rsm
from berg.solver import Fit, correlate, fit, reliability
from berg.training import evaluate, prepare, simulate, simulate_prepared, train
from berg.trials import encode_trials
from berg.volumes import to_nifti

__all__ = [
    "BERG",
    "Client",
    "Fit",
    "ScoreStore",
    "__version__",
    "compare",
    "contrast",
    "control",
    "correlate",
    "draw_pictures",
    "encode_many",
    "encode_trials",
    "evaluate",
    "fetch",
    "fit",
    "merge",
    "models",
    "plot_accuracy",
    "plot_control",
    "prepare",
    "rank",
    "reliability",
    "report",
    "rsa",
    "rsm",
    "score",
    "simulate",
    "simulate_prepared",
    "to_nifti",
    "train",
]
__version__ = _berg.version()

# A library leaves it to the program whether and where its messages appear.
logging.getLogger("berg").addHandler(logging.NullHandler())

shadow.warn()
