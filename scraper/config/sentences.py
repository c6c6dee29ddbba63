"""The sentence under each field of a model, read from its source.

pydantic can do this too (`use_attribute_docstrings`), but then each start of the command pays for
reading source files; here only the documentation and the schema do.
"""

from __future__ import annotations

import ast
import inspect
import textwrap

from scraper.config.section import Section


def sentences(section: type[Section]) -> dict[str, str]:
    """What stands under each field, by the field's name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0]
    assert isinstance(tree, ast.ClassDef)  # noqa: S101  # it is the source of a class
    found = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found[field.target.id] = " ".join(text.split())
    return found
