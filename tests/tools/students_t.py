"""Student's t distribution by numerical integration: no other program's word for it."""
import math

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
PIECES = 60


def two_sided(t, df):
    """P(|T| >= |t|). With x = sqrt(df) tan(angle) the density becomes cos(angle)^(df - 1) times a constant, which is integrated from
    the angle of t on, as far as it has anything left."""
    if math.isnan(t) or math.isnan(df):
        return math.nan
    start = math.atan(abs(t) / math.sqrt(df))
    log_start = (df - 1) * math.log(math.cos(start))

    def height(angle):
        return (df - 1) * np.log(np.cos(angle)) - log_start
    end = math.pi / 2
    low, high = start, end
    for _ in range(60):  # where it has fallen by e^-50
        middle = (low + high) / 2
        low, high = (middle, high) if height(middle) > -50 else (low, middle)
    end = high
    edges = end - (end - start) * np.linspace(1, 0, PIECES + 1) ** 6  # close where the density may have no derivative
    half = np.diff(edges)[:, None] / 2
    angles = edges[:-1, None] + half * (1 + NODES)
    area = float(np.sum(half * WEIGHTS * np.exp(height(angles))))
    log_constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(math.pi) / 2
    return 2 * area * math.exp(log_constant + log_start)
