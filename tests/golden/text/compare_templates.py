"""Compares how Assay and transformers render chat templates, over conversations of many shapes.

    python tests/golden/text/compare_templates.py \\
        --probe build/release/bin/template_probe --folder TEMPLATES [--show 5]

Both render every *.jinja below the folder with every conversation. If jinja2 raises an exception,
Assay must return an error.
"""
import argparse
import itertools
import json
import pathlib
import subprocess
import sys
import warnings

from transformers.utils.chat_template_utils import _compile_jinja_template

TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a <city> & \"more\".",
    "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "description": "The city's name"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": ["integer", "null"], "default": 3},
        "tags": {"type": "array", "items": {"type": "string"}},
        "where": {"type": "object", "properties": {"lat": {"type": "number"}}}},
        "required": ["city"]},
    "return": {"type": "string", "description": "text"}}},
    {"type": "function", "function": {"name": "clock", "description": "Zeit – 時間",
                                      "parameters": {"type": "object", "properties": {}}}}]


def call(arguments, number="call12345"):
    return {"role": "assistant", "content": "", "tool_calls": [
        {"id": number, "type": "function",
         "function": {"name": "get_weather", "arguments": arguments}}]}


def turns(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


CONVERSATIONS = {
    "one": turns(("user", "Hello")),
    "system": turns(("system", "Be brief."), ("user", "Hello")),
    "many": turns(("user", " Hi \n"), ("assistant", "Hello!\n\n"), ("user", "Grüße, 世界 👋🏽"),
                  ("assistant", "<think>\nx\n</think>\n\nok"), ("user", "more?")),
    "system_many": turns(("system", " S \n"), ("user", "a"), ("assistant", "b"), ("user", "c"),
                         ("assistant", "d")),
    "empty": turns(("system", ""), ("user", "")),
    "not_alternating": turns(("user", "a"), ("user", "b")),
    "ends_with_assistant": turns(("user", "a"), ("assistant", "b")),
    "late_system": turns(("user", "a"), ("assistant", "b"), ("system", "late"), ("user", "c")),
    "hostile_text": turns(("user", "{{ 7*7 }} {% raise %} <|im_end|> 'quoted' \"double\" \\ &<>"),
                          ("assistant", "ok"), ("user", "\u00a0 x\u3000")),
    "developer": turns(("developer", "Rules"), ("user", "Hello")),
    "unknown_role": turns(("narrator", "Once"), ("user", "Hello")),
    "parts": [{"role": "user", "content": [{"type": "text", "text": "What is "},
                                           {"type": "text", "text": "this?"}]}],
    "parts_system": [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
                     {"role": "user", "content": [{"type": "text", "text": "x"}]}],
    "image": [{"role": "user", "content": [{"type": "image"},
                                           {"type": "text", "text": "What is this?"}]}],
    "tool_round": turns(("system", "Use tools."), ("user", "Weather in Köln?")) + [
        call({"city": "Köln", "days": 2, "deep": {"a": [1, 2.5, None, True]}}),
        {"role": "tool", "name": "get_weather", "tool_call_id": "call12345",
         "content": "{\"temp\": 21}"},
        {"role": "assistant", "content": "21 degrees."},
        {"role": "user", "content": "Thanks"}],
    "tool_text_arguments": turns(("user", "w?")) + [
        call("{\"city\": \"Rome\"}"),
        {"role": "tool", "name": "get_weather", "tool_call_id": "call12345", "content": "sunny"}],
    "tool_two": turns(("user", "w?")) + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "aaaaaaaaa", "type": "function",
             "function": {"name": "get_weather", "arguments": {"city": "A"}}},
            {"id": "bbbbbbbbb", "type": "function",
             "function": {"name": "clock", "arguments": {}}}]},
        {"role": "tool", "name": "get_weather", "tool_call_id": "aaaaaaaaa", "content": "1"},
        {"role": "tool", "name": "clock", "tool_call_id": "bbbbbbbbb", "content": "2"}],
    "reasoning": turns(("user", "q")) + [
        {"role": "assistant", "content": "answer", "reasoning_content": "thoughts"},
        {"role": "user", "content": "q2"}],
    "ipython": turns(("user", "a")) + [{"role": "ipython", "content": {"x": 1}}],
    "none": [],
}
VARIABLES = [
    {}, {"enable_thinking": False},
    {"enable_thinking": True, "date_string": "26 Jul 2024",
     "documents": [{"title": "T", "text": "Body – ß", "content": "C"}],
     "tools_in_user_message": False, "custom_tools": None, "keep_past_thinking": True}]


def cases():
    for name, tools, add, variables in itertools.product(CONVERSATIONS, (None, TOOLS),
                                                         (True, False), VARIABLES):
        yield f"{name} tools={tools is not None} add={add} {sorted(variables)}", {
            "messages": CONVERSATIONS[name], "tools": tools, "add_generation_prompt": add,
            "variables": variables}


def render(template, case):
    # As apply_chat_template does, which templates are made for.
    messages = [{key: value for key, value in message.items() if value is not None}
                for message in case["messages"]]
    given = {"messages": messages, "tools": case["tools"], "documents": None,
             "add_generation_prompt": case["add_generation_prompt"],
             "bos_token": "<s>", "eos_token": "</s>"} | case["variables"]
    return template.render(**given)


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--show", type=int, default=3,
                        help="the number of differences to print per template")
    options = parser.parse_args()
    probe = subprocess.Popen([options.probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, encoding="utf-8")
    pairs = equal = refused = unequal = 0
    for path in sorted(options.folder.glob("**/*.jinja")):
        source = path.read_text(encoding="utf-8")
        try:
            template = _compile_jinja_template(source)
        except Exception as error:  # noqa: BLE001: jinja2 raises many types
            print(f"{path.name}: jinja2 does not compile it: {error}")
            continue
        wrong = 0
        for name, case in cases():
            try:
                expected = {"text": render(template, case)}
            except Exception as error:  # noqa: BLE001
                expected = {"error": f"{type(error).__name__}: {error}"}
            probe.stdin.write(json.dumps({"source": source} | case) + "\n")
            probe.stdin.flush()
            got = json.loads(probe.stdout.readline())
            pairs += 1
            ours_only = (got.get("error", "").startswith("UNIMPLEMENTED")
                         and "No filter named" not in expected.get("error", ""))
            if got.get("text") == expected.get("text") and not ours_only:
                equal += 1
                refused += "error" in got
                continue
            wrong += 1
            if wrong <= options.show:
                print(f"{path.name}: {name}\n  expected {expected}\n  got      {got}")
        unequal += wrong > 0
        if wrong:
            print(f"{path.name}: {wrong} differ")
    print(f"{pairs} pairs, {equal} equal ({refused} of them refused by both), "
          f"{unequal} templates with differences")
    sys.exit(pairs == 0 or equal != pairs)


if __name__ == "__main__":
    main()
