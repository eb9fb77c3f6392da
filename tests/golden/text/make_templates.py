"""Makes tests/golden/text/templates.json: chat templates of real families, rendered by jinja2.

    python tests/golden/text/make_templates.py MODEL.gguf

The environment of jinja2 is that of transformers.
"""
import json
import pathlib
import sys

import gguf
from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import _compile_jinja_template

import compare_templates
from template_constructs import CONSTRUCTS

TEMPLATES = {
    "chatml": (
        "{% for message in messages %}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    "chatml_lines": (
        "{%- for message in messages %}\n    {%- if not loop.first %}{{ '\n' }}{% endif %}\n    "
        "{{- '<|im_start|>' ~ message.role ~ '\n' ~ message.content | trim ~ '<|im_end|>' }}\n"
        "{%- endfor %}\n{# the end #}\n"
        "{% if add_generation_prompt and messages[-1].role != 'assistant' %}"
        "\n<|im_start|>assistant\n{% endif %}\n"),
    "zephyr": (
        "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
        "{{ '<|user|>\n' + message['content'] + eos_token }}\n"
        "{% elif message['role'] == 'system' %}\n"
        "{{ '<|system|>\n' + message['content'] + eos_token }}\n"
        "{% elif message['role'] == 'assistant' %}\n"
        "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
        "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n"
        "{% endfor %}"),
    "llama2": (
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
        "{% set system_message = messages[0]['content'] %}{% else %}"
        "{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
        "{% for message in loop_messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ "
        "raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') "
        "}}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = "
        "'<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}"
        "{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
        "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
        "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}"
        "{% endif %}{% endfor %}"),
    "llama3": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
        "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | "
        "trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
        "{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
        "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"),
    "gemma": (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}"
        "{% for message in messages %}"
        "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
        "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"),
    "layout": (
        "a\n  {% if true %}  \n  b\n  {%- endif -%}  \n  c {{ 'd' }}  \n  {# e #}  \nf"
        "{%+ if messages %} g {% endif %}\n\n"),
    "blanks": (
        "{{- messages[0].content | trim -}}\r\n{#-#} x {{ 'a' 'b' }}{% if tools is not none %}"
        "tools{% endif +%}\n{% for m in nothing %}never{% endfor %}["
        "{{ messages[-1].content.strip('é世H') }}]"),
    "values": (
        "{{ messages | length }} {{ true }} {{ none }} {{ missing }} {{ 7 % 3 }} {{ -7 % 3 }} "
        "{{ 'x' in 'xyz' }} {{ 'q' not in ['a', 'q'] }} {{ messages[0].missing is defined }} "
        "{{ 1 == true }} {{ 'a' < 'b' }} {{ messages[-1].content[1:3] }} "
        "{{ 'ab'.startswith('a') and not 'ab'.endswith('a') }} {{ 'n' if messages else 'm' }}"),
}


def conversation(*turns):
    return [{"role": role, "content": content} for role, content in turns]


CONVERSATIONS = [
    conversation(("user", "Hello")),
    conversation(("system", "Be brief."), ("user", "Hello")),
    conversation(("user", " Hi \n"), ("assistant", "Hello!\n\n"), ("user", "Grüße, 世界 👋🏽")),
    conversation(("system", ""), ("user", "")),
    conversation(("user", "a"), ("user", "b")),
    conversation(("user", "\u3000\u00a0 é x 世\u2003")),
    conversation(("user", "{{ 7*7 }} {% raise %} <|im_end|>"), ("assistant", "ok")),
]


def case_of(name, source, template, **given):
    case = {"name": name, "source": source} | given
    try:
        case["text"] = template.render(documents=None, bos_token="<s>", eos_token="</s>",
                                       **(given | given.pop("variables", {})))
    except TemplateError as error:
        case["refused"] = str(error) if type(error) is TemplateError else ""
    except Exception:  # noqa: BLE001: templates raise many types
        case["refused"] = ""
    return case


def main():
    reader = gguf.GGUFReader(sys.argv[1])
    templates = {"smollm2": reader.fields["tokenizer.chat_template"].contents()} | TEMPLATES
    cases = []
    for name, source in templates.items():
        template = _compile_jinja_template(source)
        for messages in CONVERSATIONS:
            for add in (True, False):
                cases.append(case_of(name, source, template, messages=messages,
                                     add_generation_prompt=add, tools=None))
    for source in CONSTRUCTS:
        try:
            template = _compile_jinja_template(source)
        except TemplateError:
            cases.append({"name": "construct", "source": source, "messages": [],
                          "add_generation_prompt": True, "tools": None, "refused": ""})
            continue
        cases.append(case_of("construct", source, template,
                             messages=compare_templates.CONVERSATIONS["system_many"],
                             add_generation_prompt=True, tools=None))
    out = pathlib.Path(__file__).parent / "templates.json"
    out.write_text(json.dumps(cases, ensure_ascii=False, indent=0) + "\n")
    print(len(cases), "cases,", sum("refused" in case for case in cases), "refused")


if __name__ == "__main__":
    main()
