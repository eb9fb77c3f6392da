"""Writes the results of serve.py to serving.json and serving.md and lists the problems in them."""
import json
import re

from serving import report

# The allowed difference between counted memory and the growth of the process.
MEMORY_TOLERANCE = 0.10


def problems(found):
    """Returns one line per problem."""
    failed = [f"{name}: not measured: {part['not_measured']}" for name, part in found.items()
              if "not_measured" in part]
    found = {name: part for name, part in found.items() if "not_measured" not in part}
    lines = failed + [f"gRPC: {one['different_texts']} texts of {count} streams differ from the local ones"
             for count, one in found.get("grpc", {}).items() if one["different_texts"]]
    if mixed := found.get("mixed"):
        for key in ("unasked_failures", "different_texts", "requests_left_running"):
            if mixed[key]:
                lines.append(f"mixed load: {mixed[key]} {key.replace('_', ' ')}")
        lines += [f"mixed load: {failure}" for failure in mixed["unasked"]]
        if mixed["daemon_exit_status"] != 0:
            lines.append(f"mixed load: assayd ended with {mixed['daemon_exit_status']}")
    if residency := found.get("residency"):
        if residency["sharing"]["failures"]:
            lines += [f"residency: {failure}" for failure in residency["sharing"]["first_failures"]]
        lines += memory_problems(residency["counted"]["rows"])
    return lines


def memory_problems(rows):
    return [f"residency: up to {row['model']} {row['counted_mib']:.0f} MiB are counted and "
            f"{row['taken_mib']:.0f} MiB used, which differs by more than {MEMORY_TOLERANCE:.0%}"
            for row in rows
            if abs(row["counted_mib"] - row["taken_mib"]) > MEMORY_TOLERANCE * row["taken_mib"]]


def sections(text):
    """Returns the text before the first heading, and the sections by their heading."""
    head, *rest = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return head, {part.splitlines()[0]: part for part in rest}


def write(folder, found, facts, whole):
    """Writes serving.json and serving.md and returns the Markdown.

    A partial run (`whole` is False) updates only its parts and adds its `facts` to them.
    """
    json_path, text_path = folder / "serving.json", folder / "serving.md"
    text = report.markdown(found, facts)
    if not whole:
        if json_path.exists():
            found = json.loads(json_path.read_text()) | found
        head, new = sections(text)
        noted = {
            heading: part.replace("\n", f"\n\n{report.wrapped(f'({facts})')}\n", 1)
            for heading, part in new.items()}
        if text_path.exists():
            head, old = sections(text_path.read_text())
            noted = old | noted
        text = "\n".join(part.rstrip("\n") + "\n" for part in [head, *noted.values()])
    folder.mkdir(parents=True, exist_ok=True)
    json_path.write_text(json.dumps(found, indent=1) + "\n")
    text_path.write_text(text)
    return text
