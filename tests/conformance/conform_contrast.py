"""berg contrast against SciPy's t tests on full responses."""
import subprocess

import numpy as np
import pytest
from scipy.stats import ttest_ind, ttest_rel

import scores

IMAGES = 500


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    return scores.make_store(build_dir, tmp_path_factory.mktemp("contrast") / "store", small_berg_dir, "1", IMAGES)


@pytest.mark.parametrize("count", [5, 120])
@pytest.mark.parametrize("options, test", [([], lambda a, b: ttest_ind(a, b, equal_var=False)), (["--pooled"], ttest_ind),
                                           (["--paired"], ttest_rel)])
def test_t_and_p(berg_program, store, small_berg_dir, tmp_path, count, options, test):
    a, b = np.split(np.random.default_rng(count).permutation(IMAGES)[:2 * count], 2)
    lists = [scores.write_list(tmp_path / f"{name}.txt", images) for name, images in (("a", a), ("b", b))]
    subprocess.run([berg_program, "contrast", store, "--berg-dir", small_berg_dir, "--a", lists[0], "--b", lists[1], "--map", "t,p",
                    "-q", "-o", tmp_path / "m.npy", *options], check=True)
    responses = scores.responses_of(store, small_berg_dir, 1)
    t, p = test(responses[a], responses[b])
    found_t, found_p = np.load(tmp_path / "m_t.npy"), np.load(tmp_path / "m_p.npy")
    print(f"{options or 'Welch'}, {count} images: t {np.abs(found_t / t - 1).max():.1e}, p {np.abs(found_p / p - 1).max():.1e} apart")
    np.testing.assert_allclose(found_t, t, rtol=1e-8)
    np.testing.assert_allclose(found_p, p, rtol=1e-8)
