"""The sqlite3 module, in memory and on files."""

import os
import sqlite3

for path in (":memory:", "test.db", "/tmp/nanvix-test.db"):
    with sqlite3.connect(path) as db:
        db.execute("create table t (k integer primary key, v text)")
        db.executemany("insert into t (v) values (?)", ((f"value {n}",) for n in range(300)))
        print(db.execute("select count(*), max(v), sum(k) from t").fetchone())
        try:
            db.execute("insert into t values (1, 'twice')")
        except sqlite3.IntegrityError as error:
            print("caught", error)
    db.close()
    if path != ":memory:":
        print(os.path.getsize(path) > 4096)
        os.remove(path)
