"""The folder of models: given, or named by the environment as for the program."""

import os


def known(berg_dir):
    """`berg_dir`; None: the environment's BERG_DIR, or None where that names none either."""
    return (os.environ.get("BERG_DIR") or None) if berg_dir is None else berg_dir


def needed(berg_dir):
    """known(berg_dir). TypeError: it is None."""
    berg_dir = known(berg_dir)
    if berg_dir is None:
        raise TypeError('berg_dir: where do the files go? Give berg_dir="models", say, or set BERG_DIR')
    return berg_dir
