"""How Sphinx makes the site; docs/site/build.py lays out what it reads."""

import os

project = "libberg"
version = release = os.environ["BERG_SITE_VERSION"]
author = "libberg's authors"
html_title = f"libberg {version}"

extensions = ["myst_parser"]
root_doc = "index"
myst_heading_anchors = 6  # as GitHub names them
add_function_parentheses = False
toc_object_entries_show_parents = "hide"
highlight_language = "text"
pygments_style, pygments_dark_style = "default", "github-dark"  # whose comments can be read
maximum_signature_line_length = 100
python_maximum_signature_line_length = 100

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
html_sidebars = {
    "**": ["sidebar/brand.html", "versions.html", "sidebar/search.html", "sidebar/scroll-start.html", "sidebar/navigation.html",
           "sidebar/scroll-end.html"]
}
