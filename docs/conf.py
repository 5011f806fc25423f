"""The guide's build: `make guide` writes api/guide, which `hrv serve` shows at /docs/guide."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import pages  # noqa: E402
from docutils import nodes  # noqa: E402
from latex2mathml.converter import convert  # noqa: E402

project = "HRV Recovery"
author = copyright = "The HRV Recovery authors"
version = release = installed("hrv-recovery")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "**.ipynb_checkpoints", "requirements"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True
smartquotes_action = "qe"  # two hyphens are an option, not a dash
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "HRV Recovery"
html_favicon = "../api/web/static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["guide.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e8f", "color-brand-content": "#0b6e8f"},
    "dark_css_variables": {"color-brand-primary": "#6cc3de", "color-brand-content": "#6cc3de"},
}


def write_pages(app: Any) -> None:
    """Write what comes from the tables and docstrings, before files are looked for."""
    for path, text in pages.pages().items():
        target = Path(app.srcdir) / path
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def formula(translator: Any, node: Any) -> None:
    """Show a formula as MathML, which browsers draw themselves: nothing is fetched."""
    block = isinstance(node, nodes.math_block)
    # a word is set upright, as one: SDNN is no product of four letters
    tex = re.sub(r"(?<![\\A-Za-z])([A-Za-z]{2,})", r"\\text{\1}", node.astext())
    mathml = convert(tex, display="block" if block else "inline")
    translator.body.append(f'<div class="formula">{mathml}</div>' if block else mathml)
    raise nodes.SkipNode


def hash_scripts(app: Any, failed: Exception | None) -> None:
    """Write the hashes of the theme's inline scripts, for the service's content policy."""
    if failed or app.builder.name != "html":
        return
    found = set()
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for script in re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", text, re.S):
            digest = hashlib.sha256(script.encode()).digest()
            found.add(f"sha256-{base64.b64encode(digest).decode()}")
    (Path(app.outdir) / "scripts.txt").write_text("\n".join(sorted(found)) + "\n")


def setup(app: Any) -> dict[str, bool]:
    """Add the steps to the build."""
    app.connect("builder-inited", write_pages)
    app.connect("build-finished", hash_scripts)
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    return {"parallel_read_safe": True}
