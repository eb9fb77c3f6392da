"""The Markdown and the JSON of what was found."""
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
    cells = [finding.fault, finding.done, saw, share(finding.others), recovery(finding), finding.after,
             "pass" if finding.passed else "**FAIL**"]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def claims(finding):
    lines = [f"### {finding.fault}", ""]
    # The same claim about several requests is one line: true if it is of all.
    held = {}
    for check in finding.checks:
        held[check["claim"]] = held.get(check["claim"], True) and check["holds"]
    lines += [f"- {'true' if holds else '**not true**'}: {claim}" for claim, holds in held.items()]
    lines += [f"- {fact}" for fact in finding.facts]
    return "\n".join(lines) + "\n"


def markdown(findings, facts):
    head = ["Fault", "What was done", "What clients saw", "Other model's requests meanwhile: succeeded [95 % Wilson]", "Recovery", "After",
            "Verdict"]
    rows = "\n".join(row(finding) for finding in findings)
    passed = sum(finding.passed for finding in findings)
    return f"""# Reliability

{facts}

{passed} of {len(findings)} pass. Each row is a daemon of its own that is harmed while a client watches and another asks for a model that
nobody harms; every sentence below the table is an assertion, and the run fails if one is not true.

| {" | ".join(head)} |
|{"---|" * len(head)}
{rows}

## What was asserted, and what was seen

""" + "\n".join(claims(finding) for finding in findings)
