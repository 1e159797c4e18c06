"""SQLite with a write-ahead log and two processes: readers beside a writer, locks, a checkpoint."""

import os
import sqlite3
import sys
import time


def connect() -> sqlite3.Connection:
    base = sqlite3.connect("test.db", timeout=30, isolation_level=None)
    base.execute("pragma journal_mode=wal")
    base.execute("pragma synchronous=normal")
    return base


base = connect()
print(base.execute("pragma journal_mode").fetchone())
base.execute("create table t (who text, n integer, unique (who, n))")
base.close()

ready, go = os.pipe()
if os.fork() == 0:
    base = connect()
    os.read(ready, 1)
    for n in range(40):
        base.execute("begin immediate")
        base.execute("insert into t values ('child', ?)", (n,))
        base.execute("commit")
    base.close()
    os._exit(0)
base = connect()
os.write(go, b"x")
for n in range(40):
    base.execute("begin immediate")
    base.execute("insert into t values ('parent', ?)", (n,))
    base.execute("commit")
print(os.waitstatus_to_exitcode(os.wait()[1]))
print(base.execute("select who, count(*), sum(n) from t group by who order by who").fetchall())

# A reader keeps its snapshot while somebody writes.
reader = connect()
reader.execute("begin")
before = reader.execute("select count(*) from t").fetchone()
if os.fork() == 0:
    other = connect()
    other.execute("insert into t values ('late', 1)")
    other.close()
    os._exit(0)
os.wait()
print(before == reader.execute("select count(*) from t").fetchone())
reader.execute("commit")
print(reader.execute("select count(*) from t").fetchone())

# One writer at a time, across processes.
base.execute("begin immediate")
if os.fork() == 0:
    other = sqlite3.connect("test.db", timeout=0.05, isolation_level=None)
    try:
        other.execute("begin immediate")
    except sqlite3.OperationalError as error:
        print(error)
        sys.stdout.flush()
    os._exit(0)
os.wait()
base.execute("rollback")
reader.close()
print(sorted(os.listdir()))
print(base.execute("pragma wal_checkpoint(truncate)").fetchone())
print(base.execute("pragma integrity_check").fetchone())
base.close()
print(sorted(os.listdir()), time.time() > 0)
os.remove("test.db")
