"""Chat families for compare_chats.py: the special tokens of each, and templates that write them.

The tokens are those that the families' tokenizer_config.json files declare. The tokenizer below them
has a token for each byte, so that a text has the same tokens however it is cut.
"""

# A template that prints every field a caller can set.
EVERY_FIELD = (
    "{% if tools %}{{ open }}system\n{{ tools | tojson }}{{ close }}\n{% endif %}"
    "{% for d in documents or [] %}{{ open }}document\n{{ d.title }}: {{ d.text }}{{ close }}\n"
    "{% endfor %}"
    "{% for m in messages %}{{ open }}{{ m.role }}{% if m.name %} {{ m.name }}{% endif %}\n"
    "{% if m.content is string %}{{ m.content | trim }}"
    "{% elif m.content %}{% for part in m.content %}{{ part.text }}{% endfor %}{% endif %}"
    "{% if m.reasoning_content %}[{{ m.reasoning_content }}]{% endif %}"
    "{% for call in m.tool_calls or [] %}{{ call.function.name }}"
    "({{ call.function.arguments | tojson }}){% endfor %}"
    "{% if m.tool_call_id %}#{{ m.tool_call_id }}{% endif %}{{ close }}\n{% endfor %}"
    "{% if date_string %}{{ date_string }}{% endif %}"
    "{% if add_generation_prompt %}{{ open }}assistant\n{% endif %}")


def every_field(begin, end):
    return EVERY_FIELD.replace("{{ open }}", begin).replace("{{ close }}", end)


FAMILIES = {
    "chatml": {
        "tokens": ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>",
                   "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|vision_start|>",
                   "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"],
        "template": every_field("<|im_start|>", "<|im_end|>")},
    "llama3": {
        "tokens": ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>",
                   "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>",
                   "<|finetune_right_pad_id|>", "<|reserved_special_token_0|>"],
        "template": every_field("<|start_header_id|>", "<|eot_id|>")},
    "llama2": {
        "tokens": ["<unk>", "<s>", "</s>"],
        "template": every_field("<s>[INST] ", " [/INST]</s>")},
    "mistral": {
        "tokens": ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]",
                   "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
                   "[IMG]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]"],
        "template": every_field("<s>[INST]", "[/INST]</s>")},
    "gemma": {
        "tokens": ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>",
                   "<start_of_image>", "<end_of_image>"],
        "template": every_field("<start_of_turn>", "<end_of_turn>")},
    "phi3": {
        "tokens": ["<|endoftext|>", "<|assistant|>", "<|placeholder1|>", "<|system|>", "<|end|>",
                   "<|user|>", "<|tool|>"],
        "template": every_field("<|user|>", "<|end|>")},
    "zephyr": {
        "tokens": ["<|endoftext|>", "<|padding|>", "<|system|>", "<|user|>", "<|assistant|>",
                   "</s>"],
        "template": every_field("<|user|>", "<|endoftext|>")},
    "deepseek": {
        "tokens": ["<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>",
                   "<\uff5c\u2581pad\u2581\uff5c>", "<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>",
                   "<\uff5ctool\u2581calls\u2581begin\uff5c>", "<\uff5ctool\u2581calls\u2581end\uff5c>"],
        "template": every_field("<\uff5cUser\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>")},
    "falcon": {
        "tokens": [">>TITLE<<", ">>ABSTRACT<<", ">>INTRODUCTION<<", ">>SUMMARY<<", ">>COMMENT<<",
                   ">>ANSWER<<", ">>QUESTION<<", "<|endoftext|>"],
        "template": every_field(">>QUESTION<<", "<|endoftext|>")},
    "command_r": {
        "tokens": ["<PAD>", "<UNK>", "<CLS>", "<SEP>", "<BOS_TOKEN>", "<EOS_TOKEN>",
                   "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>",
                   "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>"],
        "template": every_field("<|START_OF_TURN_TOKEN|><|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>")},
    "granite": {
        "tokens": ["<|end_of_text|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>",
                   "<reponame>", "<|start_of_role|>", "<|end_of_role|>", "<|tool_call|>"],
        "template": every_field("<|start_of_role|>", "<|end_of_text|>")},
    "harmony": {
        "tokens": ["<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>",
                   "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|call|>"],
        "template": every_field("<|start|>", "<|end|>")},
}
