CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX record_text ON record USING gin (search_text gin_trgm_ops);
CREATE INDEX note_text ON note USING gin (search_text gin_trgm_ops);
CREATE INDEX annotation_text ON annotation USING gin (search_text gin_trgm_ops);
