ALTER TABLE page_reading ADD COLUMN near BLOB;  -- shared by pages that say nearly the same: see core/sketch.py
