"""Values in messages: a number of NumPy's is a number there, since NumPy 2's repr of it is np.float64(nan)."""

import numpy as np


def shown(value):
    """repr, with NumPy's scalars as Python has them, in a list too."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, (np.number, np.bool_)):
        return str(value)
    return repr(value.item() if isinstance(value, np.generic) else value)
