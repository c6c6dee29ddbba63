ALTER TABLE visit ADD COLUMN noindex INTEGER;  -- 1: the page asks robots not to list it
