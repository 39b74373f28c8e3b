"""What `berg compare` reports, written out in NumPy: one function, from two matrices to the figures."""
import json
import subprocess

import numpy as np


def compare(berg_program, a, b, *options, status=None):
    """The JSON of `berg compare A B`, and its exit status."""
    done = subprocess.run([berg_program, "compare", str(a), str(b), "--json", "-", *map(str, options)], capture_output=True,
                          text=True, timeout=600)
    assert status is None or done.returncode == status, done.stderr
    return (json.loads(done.stdout) if done.stdout else done.stderr), done.returncode


def pearson(x, y):
    """Over pairs, NaN without variance. A constant is recognised as such, not by a variance of rounding errors."""
    if len(x) == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    return np.corrcoef(x, y)[0, 1]


def figures(a, b, atol=0, rtol=0):
    """The figures for a and b, [rows][columns]."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    pairs = np.isfinite(a) & np.isfinite(b)
    with np.errstate(all="ignore"):
        difference = np.where(pairs, np.abs(a - b), np.nan)
        close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    nan_a, nan_b = np.isnan(a), np.isnan(b)
    columns = np.array([pearson(a[p, c], b[p, c]) for c, p in enumerate(pairs.T)])
    rows = np.array([pearson(a[r, p], b[r, p]) for r, p in enumerate(pairs)])
    spread = np.array([a[p, c].std() if p.any() else np.nan for c, p in enumerate(pairs.T)])
    spread[[bool(p.any()) and np.ptp(a[p, c]) == 0 for c, p in enumerate(pairs.T)]] = 0
    with np.errstate(all="ignore"):
        rms = np.sqrt(np.nansum(difference ** 2, axis=0) / pairs.sum(axis=0))
        relative = np.where(spread > 0, rms / spread, np.nan)
    row_rms = [np.sqrt(np.mean(d[p] ** 2)) if p.any() else np.nan for d, p in zip(difference, pairs)]
    return {"rows": a.shape[0], "columns": a.shape[1], "values": a.size, "equal": int(same.sum()),
            "beyond_tolerance": int((~close).sum()),
            "not_finite": {"nan_only_in_a": int((nan_a & ~nan_b).sum()), "nan_only_in_b": int((nan_b & ~nan_a).sum()),
                           "nan_in_both": int((nan_a & nan_b).sum()),
                           "infinite_unequal": int((~pairs & ~nan_a & ~nan_b & (a != b)).sum())},
            "mean_absolute_difference": np.nanmean(difference), "rms_difference": np.sqrt(np.nanmean(difference ** 2)),
            "largest": np.nanmax(difference), "correlation": pearson(a[pairs], b[pairs]),
            "column_correlations": columns, "row_correlations": rows, "relative_rms": relative,
            "row_rms": np.array(row_rms), "difference": difference}


def close(found, expected, rtol=1e-11, atol=1e-13):
    if expected is None or np.isnan(expected):
        return found is None
    return found is not None and np.isclose(found, expected, rtol=rtol, atol=atol)


def check(report, a, b, **tolerances):
    """Every figure of `report` against NumPy's."""
    want = figures(a, b, **tolerances)
    for key in ("rows", "columns", "values", "equal", "beyond_tolerance"):
        assert report[key] == want[key], key
    assert {k: v for k, v in report["not_finite"].items() if k != "first"} == want["not_finite"]
    for key in ("mean_absolute_difference", "rms_difference", "correlation"):
        assert close(report[key], want[key]), key
    largest = report["largest_difference"]
    assert close(largest["absolute"], want["largest"])
    if want["largest"] > 0:
        place = largest["row"], largest["column"]
        assert want["difference"][place] == want["largest"]
        assert (largest["a"], largest["b"]) == (a[place], b[place])
    for key, values in (("column_correlation", want["column_correlations"]), ("row_correlation", want["row_correlations"])):
        found, values = report[key], values
        defined = values[~np.isnan(values)]
        assert found["defined"] == len(defined), key
        if not len(defined):
            continue
        assert close(found["least"], defined.min()) and close(found["mean"], defined.mean()), key
        assert "median" not in found or close(found["median"], np.median(defined)), key
        assert close(values[found["worst"]["column" if key.startswith("col") else "row"]], defined.min()), key
    relative, found = want["relative_rms"], report["relative_rms"]
    assert found["defined"] == np.count_nonzero(~np.isnan(relative))
    if found["defined"]:
        assert close(found["median"], np.nanmedian(relative)) and close(found["mean"], np.nanmean(relative))
        assert close(found["most"], np.nanmax(relative))
        assert close(relative[found["worst"]["column"]], np.nanmax(relative))
    if not np.isnan(want["row_rms"]).all():
        assert close(report["worst_row"]["rms_difference"], np.nanmax(want["row_rms"]))
        assert close(want["row_rms"][report["worst_row"]["row"]], np.nanmax(want["row_rms"]))
