"""Makes the small tables that client_test reads, and tables.json with pyarrow's own reading of them.

    .venv/bin/python tests/golden/tables/make_tables.py

The files are written next to this script. They cover what prompt data sets contain: quoted CSV with line breaks,
compressed Parquet in several row groups, dictionary-encoded and large strings, nulls, conversations, and IPC files and
streams as the library `datasets` caches them.
"""

import json
import pathlib

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent
ROWS = 34
ROW_GROUP = 16


def prompts():
    """ROWS prompts with every optional column; some references are null."""
    return pa.table({
        "id": pa.array([f"p{i:03}" for i in range(ROWS)]),
        "content_type": pa.array([("linkedin", "email")[i % 2] for i in range(ROWS)]),
        "instruction": pa.array([f"Prompt {i}: write \"this\", über\nalles \U0001f642" for i in range(ROWS)]),
        "reference": pa.array([None if i % 3 == 0 else f"Answer {i}" for i in range(ROWS)]),
        "difficulty": pa.array([i / 7 for i in range(ROWS)]),
        "number": pa.array(range(ROWS), pa.int64()),
    })


def encoded(table):
    """The same table with a dictionary-encoded and a large string column."""
    table = table.set_column(1, "content_type", table["content_type"].dictionary_encode())
    return table.set_column(2, "instruction", table["instruction"].cast(pa.large_string()))


def conversations():
    turns = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    rows = []
    for i in range(6):
        row = [{"role": "user", "content": f"Question {i}"}, {"role": "assistant", "content": f"Answer {i}"}]
        rows.append([{"role": "system", "content": "Be brief."}, *row] if i % 2 else row)
    shares = [[{"from": "human", "value": f"Question {i}"}, {"from": "gpt", "value": "Fine."}] for i in range(6)]
    return pa.table({"messages": pa.array(rows, turns), "conversations": pa.array(shares), "number": pa.array(range(6))})


def with_nulls():
    return pa.table({"prompt": pa.array(["first", None, "third"]), "content_type": pa.array(["blog"] * 3)})


def not_utf8():
    values = pa.array([b"first", b"second", b"caf\xe9"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, values.buffers())
    return pa.table({"prompt": text, "content_type": pa.array(["blog"] * 3)})


def write_ipc(table, path, stream, compression=None):
    options = pa.ipc.IpcWriteOptions(compression=compression)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(path, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=ROW_GROUP)


def main():
    table = prompts()
    pa.csv.write_csv(table, FOLDER / "quoted.csv")
    pa.csv.write_csv(table, FOLDER / "quoted.tsv", pa.csv.WriteOptions(delimiter="\t"))
    compressions = ("none", "snappy", "zstd", "gzip", "brotli", "lz4")
    for compression in compressions:
        pq.write_table(encoded(table), FOLDER / f"{compression}.parquet", compression=compression, row_group_size=ROW_GROUP,
                       write_page_checksum=compression == "zstd")
    pq.write_table(conversations(), FOLDER / "messages.parquet")
    pq.write_table(with_nulls(), FOLDER / "nulls.parquet")
    pq.write_table(not_utf8(), FOLDER / "not_utf8.parquet")
    # A page of 64 MiB that takes a few KiB.
    pq.write_table(pa.table({"prompt": pa.array(["a" * (64 << 20)])}), FOLDER / "bomb.parquet", compression="zstd",
                   use_dictionary=False, write_statistics=False)
    write_ipc(encoded(table), FOLDER / "file.arrow", stream=False)
    write_ipc(encoded(table), FOLDER / "stream.arrow", stream=True)
    write_ipc(table, FOLDER / "compressed.feather", stream=False, compression="zstd")

    read = {name: pq.read_table(FOLDER / name).to_pylist() for name in ("none.parquet", "messages.parquet", "nulls.parquet")}
    same = {f"{name}.parquet": pq.read_table(FOLDER / f"{name}.parquet") for name in compressions}
    same["file.arrow"] = pa.ipc.open_file(FOLDER / "file.arrow").read_all()
    same["stream.arrow"] = pa.ipc.open_stream(FOLDER / "stream.arrow").read_all()
    same["compressed.feather"] = pyarrow.feather.read_table(FOLDER / "compressed.feather")
    for name, other in same.items():
        assert other.to_pylist() == read["none.parquet"], name
    for name, delimiter in (("quoted.csv", ","), ("quoted.tsv", "\t")):
        read[name] = pa.csv.read_csv(
            FOLDER / name, parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                column_types={n: pa.string() for n in table.column_names})).to_pylist()
    assert read["quoted.csv"] == read["quoted.tsv"]
    del read["quoted.tsv"]
    (FOLDER / "tables.json").write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
