CREATE TABLE part (id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL);
CREATE INDEX by_price ON part (price);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO part SELECT i, 'part ' || i, (i * 7919 % 1000) / 10.0 FROM n;
SELECT count(*), round(avg(price), 3), max(name) FROM part;
SELECT name, price FROM part WHERE price < 1 ORDER BY price, name;
BEGIN;
UPDATE part SET price = price * 2 WHERE id % 3 = 0;
ROLLBACK;
SELECT round(sum(price), 2) FROM part;
DELETE FROM part WHERE id > 10;
SELECT group_concat(name, '|') FROM (SELECT name FROM part ORDER BY id DESC LIMIT 3);
SELECT json_extract('{"a": [1, {"b": "deep"}]}', '$.a[1].b'), hex(zeroblob(3)), typeof(1.0);
SELECT rank() OVER (ORDER BY price DESC) r, name FROM part ORDER BY r LIMIT 2;
INSERT INTO part (name) VALUES ('part 1');
SELECT 'still here';
PRAGMA integrity_check;
