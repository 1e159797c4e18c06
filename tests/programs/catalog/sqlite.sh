# The sqlite3 shell: schema, import, joins, windows, JSON, full text, backup, a damaged file.
seq 1 50 | awk '{ print $1 "," $1 * $1 % 7 }' > table.csv
sqlite3 test.db <<'END'
create table t (n integer primary key, v integer);
.mode csv
.import table.csv t
.mode column
.headers on
select v, count(*) as c, sum(n) as s from t group by v order by v;
select n, sum(v) over (order by n rows 2 preceding) as w from t limit 4;
create index i on t (v);
explain query plan select * from t where v = 3;
select json_extract('{"a": [1, 2, {"b": 3}]}', '$.a[2].b') as j, upper('x') || printf('%05d', 42) as p;
create virtual table f using fts5(words);
insert into f values ('a quick brown fox'), ('a lazy dog');
select rowid from f where f match 'quick OR dog' order by rowid;
with recursive fib(a, b) as (values (0, 1) union all select b, a + b from fib where a < 1000) select group_concat(a) from fib;
pragma journal_mode = wal;
begin; delete from t where n > 10; rollback; select count(*) from t;
.backup copy.db
vacuum;
.dump f
END
sqlite3 copy.db 'pragma integrity_check; select count(*), total(v) from t'
dd if=/dev/zero of=copy.db bs=1 seek=100 count=2000 conv=notrunc status=none; sqlite3 copy.db 'select * from t limit 1' 2>&1
rm -f ./*.db* table.csv
