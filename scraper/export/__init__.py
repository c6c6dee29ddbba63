"""Items as files: CSV, JSON lines and, where an extra is installed, Parquet and XLSX.

`exporting.py` is read first: what is written where. `choice.py` reads the items, `text.py` writes
the formats of the standard library, `target.py` puts files in their place.
"""

from scraper.export.exporting import FORMATS, Order, WriteTables, export, format_of
from scraper.export.text import cell

__all__ = ["FORMATS", "Order", "WriteTables", "cell", "export", "format_of"]
