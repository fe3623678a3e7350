-- Keyword search: every three characters of the folded text, without the text itself, which is beside it. Two blanks behind the
-- text, which no folded text has, let its last two characters begin three as well: a word of one or two is looked for by
-- the threes that begin with it.
--
-- Of records, the row is the kind times 2^40 and the record's own: the matches of one kind lie together, newest last.
CREATE VIRTUAL TABLE record_text USING fts5 (search_text, content = '', tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE record_gram USING fts5vocab (record_text, instance);
CREATE TRIGGER record_text_insert AFTER INSERT ON record BEGIN
    INSERT INTO record_text (rowid, search_text) VALUES (new.kind * 1099511627776 + new.id, new.search_text || '  ');
END;
CREATE TRIGGER record_text_delete AFTER DELETE ON record BEGIN
    INSERT INTO record_text (record_text, rowid, search_text)
        VALUES ('delete', old.kind * 1099511627776 + old.id, old.search_text || '  ');
END;
CREATE TRIGGER record_text_update AFTER UPDATE OF search_text ON record WHEN old.search_text <> new.search_text BEGIN
    INSERT INTO record_text (record_text, rowid, search_text)
        VALUES ('delete', old.kind * 1099511627776 + old.id, old.search_text || '  ');
    INSERT INTO record_text (rowid, search_text) VALUES (new.kind * 1099511627776 + new.id, new.search_text || '  ');
END;

CREATE VIRTUAL TABLE note_text USING fts5 (search_text, content = '', tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE note_gram USING fts5vocab (note_text, instance);
CREATE TRIGGER note_text_insert AFTER INSERT ON note BEGIN
    INSERT INTO note_text (rowid, search_text) VALUES (new.id, new.search_text || '  ');
END;
CREATE TRIGGER note_text_delete AFTER DELETE ON note BEGIN
    INSERT INTO note_text (note_text, rowid, search_text) VALUES ('delete', old.id, old.search_text || '  ');
END;
CREATE TRIGGER note_text_update AFTER UPDATE OF search_text ON note WHEN old.search_text <> new.search_text BEGIN
    INSERT INTO note_text (note_text, rowid, search_text) VALUES ('delete', old.id, old.search_text || '  ');
    INSERT INTO note_text (rowid, search_text) VALUES (new.id, new.search_text || '  ');
END;

CREATE VIRTUAL TABLE annotation_text USING fts5 (search_text, content = '', tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE annotation_gram USING fts5vocab (annotation_text, instance);
CREATE TRIGGER annotation_text_insert AFTER INSERT ON annotation BEGIN
    INSERT INTO annotation_text (rowid, search_text) VALUES (new.id, new.search_text || '  ');
END;
CREATE TRIGGER annotation_text_delete AFTER DELETE ON annotation BEGIN
    INSERT INTO annotation_text (annotation_text, rowid, search_text) VALUES ('delete', old.id, old.search_text || '  ');
END;
CREATE TRIGGER annotation_text_update AFTER UPDATE OF search_text ON annotation WHEN old.search_text <> new.search_text BEGIN
    INSERT INTO annotation_text (annotation_text, rowid, search_text) VALUES ('delete', old.id, old.search_text || '  ');
    INSERT INTO annotation_text (rowid, search_text) VALUES (new.id, new.search_text || '  ');
END;
