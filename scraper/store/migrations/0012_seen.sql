-- How often pages change, as far as visits tell: see core/schedule/change.py.

ALTER TABLE page_reading ADD COLUMN moved_s REAL NOT NULL DEFAULT 0;  -- before visits that found it changed
ALTER TABLE page_reading ADD COLUMN still_s REAL NOT NULL DEFAULT 0;  -- before visits that found it as it was
-- what the readings so far tell: since when the page is as it is, and that it was known since the first cycle at the earliest
UPDATE page_reading SET still_s = at - since, moved_s = CASE WHEN changes = 0 THEN 0
    ELSE max(since - (SELECT min(began_at) FROM cycle), 0) END;
ALTER TABLE cycle ADD COLUMN schedules TEXT;  -- of `refresh: auto`, JSON: by what its pages are due
