"""The measured tables of the documentation's page Engine, in Markdown, from JSON files of `tessera bench compare` and `bench forward --layers`.

    tessera bench compare --model models/3d --threads 1,2 --engines winograd,winograd:avx2 --peer PYTHON --json > 3d.json
    tessera bench forward --model models/3d --threads 1 --layers --json > 3d-floor.json
    python Tests/Peers/engine_table.py 3d.json heart.json … 3d-floor.json …

Networks are called by their files' names. Seconds are medians; in brackets, how many times as long as the first of Tessera's engines.
"""
import json
import os
import sys


def row(cells):
    print("| " + " | ".join(cells) + " |")


def header(titles):
    row(titles)
    print("|---" * len(titles) + "|")


def compared(files):
    names = list(dict.fromkeys(engine["engine"] for _, data in files for table in data["tables"] for engine in table["engines"]))
    header(["network", "threads"] + names + ["gain"])
    for title, data in files:
        for place, table in enumerate(data["tables"]):
            rows = {engine["engine"]: engine for engine in table["engines"]}
            ours = next(engine for engine in table["engines"] if engine["is_ours"])
            cells = []
            for name in names:
                found = rows.get(name)
                cells.append("–" if not found else f"{found['seconds']:.3g}" + (
                    "" if found is ours else f" ({found['seconds'] / ours['seconds']:.2f})"))
            gain = ours.get("gain")
            row([f"{title}, {data['gflop']:.1f} GFLOP" if place == 0 else "", str(table["threads"])] + cells + [
                f"{gain:.2f}" if gain else ""])
    print()
    header(["network, " + "relative error; peak memory"] + names)
    for title, data in files:
        rows = {engine["engine"]: engine for engine in data["tables"][-1]["engines"]}
        row([title] + ["–" if name not in rows else "; ".join(
            ([f"{rows[name]['relative_error']:.1e}"] if "relative_error" in rows[name] else [])
            + ([f"{rows[name]['peak_memory_bytes'] >> 20} MiB"] if "peak_memory_bytes" in rows[name] else []))
            for name in names])


def floors(files):
    header(["network", "threads", "ms", "GFLOP", "done", "peak GFLOP/s", "share of peak", "MB", "GB/s", "ms at peak", "ms of memory", "ms / (peak + memory)"])
    for title, data in files:
        total, peak = data["total"], data["peak"]
        arithmetic, memory = total["arithmetic_floor_seconds"], total["memory_floor_seconds"]
        row([title, str(data["threads"]), f"{total['seconds'] * 1e3:.1f}", f"{total['gflop']:.1f}", f"{total['arithmetic_gflop']:.1f}",
             f"{peak['gflops']:.1f}", f"{total['share_of_peak'] * 100:.0f} %", f"{total['memory_bytes'] / 1e6:.0f}",
             f"{peak['gigabytes_per_second']:.1f}", f"{arithmetic * 1e3:.1f}", f"{memory * 1e3:.1f}",
             f"{total['seconds'] / (arithmetic + memory):.2f}"])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    files = []
    for path in sys.argv[1:]:
        with open(path) as file:
            files.append((os.path.splitext(os.path.basename(path))[0], json.load(file)))
    comparisons = [(title, data) for title, data in files if "tables" in data]
    layers = [(title, data) for title, data in files if data.get("peak")]
    if comparisons:
        compared(comparisons)
    if layers:
        print()
        floors(layers)


if __name__ == "__main__":
    main()
