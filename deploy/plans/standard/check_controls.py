"""Checks that the negative controls of the standard study rank last with significance.

Usage: check_controls.py RESULTS.json (from `assay evaluations report ID --output RESULTS.json`).
Prints the ranking. Exits with 1 and the reason if the check fails.
"""
import json
import sys

CONTROLS = ("random_1", "random_2", "smollm2_135m.hot")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    analysis = results["analysis"]
    whole = next(ranking for ranking in analysis["rankings"] if not ranking["content_type"])
    failures = []
    best_control = min(c["rank"] for c in whole["candidates"] if c["name"] in CONTROLS)
    for candidate in whole["candidates"]:
        low, high = candidate["ci_low"], candidate["ci_high"]
        print(f"{candidate['rank']:>4}  {candidate['name']:<22} {candidate['mean']:5.2f}  "
              f"{low:5.2f} to {high:5.2f}")
        if candidate["name"] not in CONTROLS and candidate["rank"] >= best_control:
            failures.append(f"{candidate['name']} ranks {candidate['rank']}, but a control ranks "
                            f"{best_control}")
    for comparison in analysis["comparisons"]:
        if comparison["metric"] != "quality_score" or comparison["content_type"]:
            continue
        if comparison["candidate"] not in CONTROLS:
            continue
        print(f"{comparison['candidate']} is {comparison['verdict']}, p = "
              f"{comparison['p_adjusted']:.2g} ({analysis['correction']}), "
              f"{comparison['result']['n_paired']} prompts")
        if comparison["verdict"] != "worse":
            failures.append(
                f"{comparison['candidate']} is not shown to be worse than {comparison['baseline']}")
    if results["state"] != "succeeded":
        failures.append(f"the study ended as {results['state']}")
    for reason in failures:
        print(f"FAILED: {reason}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
