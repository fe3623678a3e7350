-- Keyword search: every three characters of the folded text. Deletes and updates go through triggers, as FTS5's
-- external content tables ask for.
CREATE VIRTUAL TABLE record_text USING fts5 (search_text, content = 'record', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER record_text_insert AFTER INSERT ON record BEGIN
    INSERT INTO record_text (rowid, search_text) VALUES (new.id, new.search_text);
END;
CREATE TRIGGER record_text_delete AFTER DELETE ON record BEGIN
    INSERT INTO record_text (record_text, rowid, search_text) VALUES ('delete', old.id, old.search_text);
END;
CREATE TRIGGER record_text_update AFTER UPDATE OF search_text ON record BEGIN
    INSERT INTO record_text (record_text, rowid, search_text) VALUES ('delete', old.id, old.search_text);
    INSERT INTO record_text (rowid, search_text) VALUES (new.id, new.search_text);
END;
