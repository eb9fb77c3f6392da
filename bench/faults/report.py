"""Formats the findings as Markdown."""
from faults.finding import wilson


def share(others):
    if not others:
        return "–"
    succeeded, sent = others
    low, high = wilson(succeeded, sent)
    return f"{succeeded} of {sent} [{low:.1%}, {high:.1%}]"


def recovery(finding):
    if finding.recovery_s is None:
        return "–"
    return f"{finding.recovery_s:.2f} s: {finding.recovery_of}"


def row(finding):
    saw = ", ".join(f"{count} {code}" for code, count in sorted(finding.saw.items()))
    cells = [finding.fault, finding.done, saw, share(finding.others), recovery(finding),
             finding.after, "pass" if finding.passed else "**FAIL**"]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def claims(finding):
    lines = [f"### {finding.fault}", ""]
    # Checks with the same claim are merged into one line, which is true if all of them hold.
    held = {}
    for check in finding.checks:
        held[check["claim"]] = held.get(check["claim"], True) and check["holds"]
    lines += [f"- {'true' if holds else '**not true**'}: {claim}" for claim, holds in held.items()]
    lines += [f"- {fact}" for fact in finding.facts]
    return "\n".join(lines) + "\n"


def markdown(findings, facts):
    head = ["Fault", "Procedure", "Statuses seen by clients",
            "Concurrent requests to another model: succeeded [95 % Wilson]", "Recovery", "After",
            "Verdict"]
    rows = "\n".join(row(finding) for finding in findings)
    passed = sum(finding.passed for finding in findings)
    return f"""# Reliability

{facts}

{passed} of {len(findings)} pass. Each row is a separate daemon. While the fault is injected, one
client observes it and another sends requests to a healthy model. Every sentence below the table is
an assertion; the run fails if one is not true.

| {" | ".join(head)} |
|{"---|" * len(head)}
{rows}

## Assertions and observations

""" + "\n".join(claims(finding) for finding in findings)
