CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX record_text ON record USING gin (search_text gin_trgm_ops);
