"""The page about the package that `make docs` makes: each public name has its entry, and it says what the docstring says."""
import pathlib
import sys

import berg

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs/site"))

import package  # noqa: E402


def test_each_public_name_has_an_entry():
    named = {name for names in package.GROUPS.values() for name in names}
    assert {f"berg.{name}" for name in berg.__all__} - named == {"berg.__version__", "berg.models"}
    page = package.page()
    for name in named:
        assert f":: {name}" in page, name


def test_an_entry_says_what_is_asked_and_what_is_given():
    lines = list(package.entry_lines("berg.rsm"))
    assert lines[0].startswith(".. py:function:: berg.rsm(store, roi, path=None, *, berg_dir=None")
    text = "\n".join(lines)
    assert "   .. rubric:: Parameters" in text and "**roi** : str or list of str" in text
    assert "Without it the matrix is returned" in text and "self" not in text
    assert ".. py:method:: get_encoding_model(model_id, device='auto'" in "\n".join(package.entry_lines("berg.BERG"))
