PRAGMA journal_mode = WAL;
CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT);
INSERT INTO log (text) VALUES ('one'), ('two'), ('three');
PRAGMA wal_checkpoint(TRUNCATE);
SELECT count(*) FROM log;
VACUUM;
SELECT text FROM log ORDER BY id DESC;
PRAGMA journal_mode = DELETE;
