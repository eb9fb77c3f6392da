"""Formats the findings as Markdown."""
import textwrap

from faults.finding import wilson

COLUMNS = 100


def share(others):
    if not others:
        return "–"
    succeeded, sent = others
    low, high = wilson(succeeded, sent)
    return f"{succeeded} of {sent} [{low:.1%}, {high:.1%}]"


def recovery(finding):
    if finding.recovery_s is None:
        return "–"
    return f"{finding.recovery_s:.2f} s"


def row(finding):
    cells = [finding.fault, share(finding.others), recovery(finding),
             finding.verdict]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def wrapped(text, first="", rest=""):
    return textwrap.fill(text, COLUMNS, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def item(text):
    return wrapped(text, "- ", "  ")


def details(finding):
    saw = ", ".join(f"{count} {code}" for code, count in sorted(finding.saw.items()))
    lines = [f"### {finding.fault}", "", item(f"Procedure: {finding.done}")]
    lines += [item(f"Statuses seen by clients: {saw}")]
    if finding.recovery_s is not None:
        lines += [item(f"Recovery: {finding.recovery_s:.2f} s, {finding.recovery_of}")]
    lines += [item(f"After: {finding.after}")]
    lines += [item(fact) for fact in finding.facts]
    lines += ["", "Assertions:", ""]
    # Checks with the same claim are merged into one line, which is true if all of them hold.
    held = {}
    for check in finding.checks:
        held[check["claim"]] = held.get(check["claim"], True) and check["holds"]
    lines += [item(f"{'true' if holds else '**not true**'}: {claim}")
              for claim, holds in held.items()]
    lines += [item(f"undecided: {one['claim']}: {one['why']}") for one in finding.undecided]
    return "\n".join(lines) + "\n"


def markdown(findings, facts):
    head = ["Fault", "Concurrent requests: succeeded [95 % Wilson]", "Recovery", "Verdict"]
    rows = "\n".join(row(finding) for finding in findings)
    passed = sum(finding.passed for finding in findings)
    summary = (f"{passed} of {len(findings)} pass. Each row is a separate daemon. While the fault "
               "is injected, one client observes it and another sends concurrent requests to a "
               "healthy model. The details below the table list every assertion; the run fails if "
               "one is not true.")
    return f"""# Reliability

{wrapped(facts)}

{wrapped(summary)}

| {" | ".join(head)} |
|{"---|" * len(head)}
{rows}

## Details

""" + "\n".join(details(finding) for finding in findings)
