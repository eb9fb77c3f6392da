"""Asserts what the standard study is for: the negative controls come last, with significance.

Usage: check_controls.py RESULTS.json (of `assay evaluations report ID --output RESULTS.json`). Prints the ranking; exit
code 1 and the reason if it does not hold.
"""
import json
import sys

CONTROLS = ("random_1", "random_2", "smollm2_135m.hot")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    analysis = results["analysis"]
    whole = next(ranking for ranking in analysis["rankings"] if not ranking["content_type"])
    wrong = []
    best_control = min(c["rank"] for c in whole["candidates"] if c["name"] in CONTROLS)
    for candidate in whole["candidates"]:
        low, high = candidate["ci_low"], candidate["ci_high"]
        print(f"{candidate['rank']:>4}  {candidate['name']:<22} {candidate['mean']:5.2f}  {low:5.2f} to {high:5.2f}")
        if candidate["name"] not in CONTROLS and candidate["rank"] >= best_control:
            wrong.append(f"{candidate['name']} has rank {candidate['rank']}, a control {best_control}")
    for comparison in analysis["comparisons"]:
        if comparison["metric"] != "quality_score" or comparison["content_type"]:
            continue
        if comparison["candidate"] not in CONTROLS:
            continue
        print(f"{comparison['candidate']} is {comparison['verdict']}, p = {comparison['p_adjusted']:.2g} "
              f"({analysis['correction']}), {comparison['result']['n_paired']} prompts")
        if comparison["verdict"] != "worse":
            wrong.append(f"{comparison['candidate']} is not shown to be worse than {comparison['baseline']}")
    if results["state"] != "succeeded":
        wrong.append(f"the study {results['state']}")
    for reason in wrong:
        print(f"FAILED: {reason}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
