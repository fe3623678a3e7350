CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX record_text ON record USING gin (search_text gin_trgm_ops);
-- Which threes of letters and figures are in a text, to be asked for by the two that one begins with: the index above begins at three.
CREATE INDEX record_threes ON record USING gin (array_to_tsvector(show_trgm(regexp_replace(search_text, '[^ -~]', ' ', 'g'))));
-- The texts that hold other characters, which neither knows by one or two.
CREATE INDEX record_not_ascii ON record (id) WHERE search_text ~ '[^ -~]';
CREATE INDEX note_text ON note USING gin (search_text gin_trgm_ops);
CREATE INDEX annotation_text ON annotation USING gin (search_text gin_trgm_ops);
