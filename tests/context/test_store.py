from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from regoose.context.index import open_index, record_of
from regoose.context.store import FileRecord, Store, key_of
from regoose.context.tree import Tree
from regoose.context.words import Splitter


def records(count: int, size: int = 10) -> dict[bytes, FileRecord]:
    return {
        key_of(f"{number}".encode(), "text"): FileRecord(words="word " * size, counts=b"\1\2\3" * size)
        for number in range(count)
    }


def test_what_is_saved_is_loaded_again(store: Store) -> None:
    record = record_of(b"import os\n\n\ndef first(a: int) -> str:\n    'Say it.'\n", "python", Splitter())
    store.save({b"key": record})
    assert store.load([b"key", b"other"]) == {b"key": record}


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 1000, b"SQLite format 3\0" + b"\xff" * 9000])
async def test_a_damaged_file_is_begun_anew(shop: Tree, store: Store, tmp_path: Path, damage: bytes) -> None:
    first = await open_index(shop, store)
    (place,) = (tmp_path / "cache").glob("index-*.sqlite3")
    place.write_bytes(damage)
    again = await open_index(shop, store)
    assert again.records == first.records
    assert again.counts.parsed_now == 7
    assert (await open_index(shop, store)).counts.parsed_now == 0


async def test_a_file_with_other_tables_is_begun_anew(shop: Tree, store: Store, tmp_path: Path) -> None:
    await open_index(shop, store)
    (place,) = (tmp_path / "cache").glob("index-*.sqlite3")
    with closing(sqlite3.connect(place)) as connection:
        connection.executescript("DROP TABLE file; CREATE TABLE file (other TEXT)")
    index = await open_index(shop, store)
    assert (len(index.records), index.note) == (7, "")
    assert (await open_index(shop, store)).counts.parsed_now == 0


async def test_a_damaged_page_in_the_middle_costs_no_more_than_the_cache(
    shop: Tree, store: Store, tmp_path: Path
) -> None:
    first = await open_index(shop, store)
    store.save(records(500))
    (place,) = (tmp_path / "cache").glob("index-*.sqlite3")
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(place.read_bytes())
    content[4096:-4096] = b"\x55" * (len(content) - 8192)
    place.write_bytes(content)
    assert (await open_index(shop, store)).records == first.records
    assert (await open_index(shop, store)).counts.parsed_now == 0


async def test_without_a_place_to_keep_it_the_index_still_stands_and_says_so(shop: Tree, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the directory would be", encoding="utf-8")
    index = await open_index(shop, Store(tmp_path / "taken"))
    assert len(index.records) == 7
    assert "taken" in index.note or "exists" in index.note


def test_entries_unused_for_longest_go_when_there_are_too_many(tmp_path: Path) -> None:
    store = Store(tmp_path, limit_bytes=150_000)
    old = records(300, size=50)
    store.save(dict(list(old.items())[:100]))
    with closing(sqlite3.connect(next(tmp_path.glob("index-*.sqlite3")))) as connection, connection:
        connection.execute("UPDATE file SET used = used - 3")
    recent = dict(list(old.items())[100:200])
    store.save(recent)
    store.save(dict(list(old.items())[200:]))
    kept = store.load(old)
    assert 0 < sum(record.size for record in kept.values()) <= 150_000
    forgotten = old.keys() - kept.keys()
    assert set(list(old)[:100]) <= forgotten


def test_files_of_a_format_long_gone_are_removed(tmp_path: Path) -> None:
    for name, age in (("index-0.sqlite3", 30), ("index-99.sqlite3", 0)):
        (tmp_path / name).write_bytes(b"")
        stamp = (tmp_path / name).stat().st_mtime - age * 86_400
        os.utime(tmp_path / name, (stamp, stamp))
    Store(tmp_path).save(records(1))
    assert not (tmp_path / "index-0.sqlite3").exists()
    assert (tmp_path / "index-99.sqlite3").exists()


_INDEXER = """
import asyncio, sys
from pathlib import Path
from regoose.context.index import open_index
from regoose.context.store import Store
from regoose.context.tree import Tree

index = asyncio.run(open_index(Tree(root=Path(sys.argv[1])), Store(Path(sys.argv[2]))))
print(len(index.records), repr(index.note), hash(tuple(sorted(index.records))) != 0)
"""


async def test_processes_share_one_file(shop: Tree, tmp_path: Path) -> None:
    for number in range(300):
        (shop.root / f"module{number}.py").write_text(f"def function{number}(): ...\n" * 20, encoding="utf-8")
    command = [sys.executable, "-c", _INDEXER, str(shop.root), str(tmp_path / "cache")]
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    answers = [await process.communicate() for process in processes]
    assert [output.decode().split() for output, _ in answers] == [["307", "''", "True"]] * 3
    index = await open_index(shop, Store(tmp_path / "cache"))
    assert index.counts.parsed_now == 0
