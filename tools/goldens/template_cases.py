# SPDX-License-Identifier: Apache-2.0
"""Chat templates and what they are rendered with, for make_template_goldens.py.

MODELS are templates as model files carry them: the formats of docs/chat-templates.md, and our own writing with the
constructs that larger models' templates use. CONSTRUCTS are one construct each; ERRORS must end in an error.
"""

CHAT = [{"role": "system", "content": " You are helpful. "}, {"role": "user", "content": "  Hi <|eot_id|> \n"},
        {"role": "assistant", "content": "Hello \u00fc\u6d77"}, {"role": "user", "content": "Bye"}]
SHORT = [{"role": "user", "content": "Hi"}]
REASONED = [{"role": "user", "content": "2+2?"},
            {"role": "assistant", "content": "<think>\nadd\n</think>\n\n4", "tool_calls": None},
            {"role": "user", "content": "sure?"}]
TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "Tells the \"weather\" \u00fcber <all>", "parameters": {
        "type": "object", "properties": {"city": {"type": "string", "description": "where"},
                                         "days": {"type": "integer", "default": 1.5}}, "required": ["city"]}}}]
CALLS = [{"role": "user", "content": "Weather?"},
         {"role": "assistant", "content": "", "tool_calls": [
             {"type": "function", "function": {"name": "weather", "arguments": {"city": "Bonn", "days": 2}}}]},
         {"role": "tool", "name": "weather", "content": "rain"}, {"role": "tool", "name": "weather", "content": "sun"}]

BITNET = ("{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] | trim }}<|eot_id|>"
          "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}")
BITNET_LEGACY = ("{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
                 "{% if message['role'] == 'user' %}{{ 'Human: ' + message['content'] + '\\n\\nBITNETAssistant: ' + eos_token }}"
                 "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}")
BITNET_FORK = ("{% for m in messages %}{% if m.role == 'system' %}System: {{ m.content }}{% elif m.role == 'user' %}"
               "User: {{ m.content }}<|eot_id|>Assistant: {% else %}{{ m.content }}{% endif %}{% endfor %}")
LLAMA3 = ("{% set loop_messages = messages %}{% for message in loop_messages %}"
          "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim"
          " + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")
CHATML = """{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
FALCON3 = """{% for message in messages %}
{{ '<|' + message['role'] + '|>' }}
{{ message['content'] }}
{% endfor %}
{% if add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
"""
LLAMA_TOOLS = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message goes first -#}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first_user_message = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("There is no first user message to put the tools in!") }}
    {%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first_user_message + "<|eot_id|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at a time!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
THINKING = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning_content)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""
ALTERNATING = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must alternate user/assistant/user/assistant/...') }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported!") }}
    {%- endif %}
{%- endfor %}({{ user_messages | length }})
"""
TURNS = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set first = messages[0]['content'] | trim + '\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}{% for message in rest %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + (first if loop.first else '') }}{% if message['content'] is string %}{{ message['content'] | trim }}{% elif message['content'] is iterable %}{% for item in message['content'] %}{% if item['type'] == 'image' %}{{ '<start_of_image>' }}{% elif item['type'] == 'text' %}{{ item['text'] | trim }}{% endif %}{% endfor %}{% else %}{{ raise_exception('Invalid content type') }}{% endif %}{{ '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""
MACROS = """{%- macro kind_of(spec) -%}
    {%- set basic = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} -%}
    {%- if basic[spec.type] is defined -%}
        {{- basic[spec.type] -}}
    {%- elif spec.type == "array" -%}
        {{- "list[" + kind_of(spec["items"]) + "]" -}}
    {%- elif spec.type == "object" -%}
        {%- if spec.additionalProperties is defined and spec.additionalProperties.type is defined -%}
            {{- "dict[str, " + kind_of(spec.additionalProperties) + "]" -}}
        {%- else -%}
            {{- "dict" -}}
        {%- endif -%}
    {%- else -%}
        {{- "Any" -}}
    {%- endif -%}
{%- endmacro -%}
{%- macro join_all(items, sep=", ", last=none) -%}
    {%- for item in items -%}{{ item }}{% if not loop.last %}{{ sep }}{% elif last %}{{ last }}{% endif %}{%- endfor -%}
{%- endmacro -%}
{%- for tool in tools %}
    {%- set function = tool.function | default(tool) %}
    {{- function.name + "(" }}
    {%- for name, spec in function.parameters.properties.items() %}
        {{- name + ": " + kind_of(spec) }}
        {%- if spec.default is defined %}{{ " = " ~ spec.default }}{% endif %}
        {%- if not loop.last %}{{ ", " }}{% endif %}
    {%- endfor %}
    {{- ")\\n" }}
{%- endfor %}
{{- join_all(["a", "b"], last="!") }}{{ join_all(messages | map(attribute="role"), "/") }}
{{ kind_of({"type": "array", "items": {"type": "object", "additionalProperties": {"type": "integer"}}}) }}
"""
DATED = """{%- set today = strftime_now("%d %B %Y") -%}
{%- set reasoning_mode = "/think" if enable_thinking | default(true) else "/no_think" -%}
{{- "<|im_start|>system\\n## Metadata\\n\\nToday Date: " ~ today ~ "\\nReasoning Mode: " ~ reasoning_mode ~ "\\n" -}}
{%- for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ "<|im_start|>" + message.role + "\\n"  + content + "<|im_end|>\\n" }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {% endgeneration %}
    {%- endif -%}
{%- endfor -%}
"""

# (name, template, variables)
MODELS = []
for name, source in [("bitnet", BITNET), ("bitnet_legacy", BITNET_LEGACY), ("bitnet_fork", BITNET_FORK), ("llama3", LLAMA3),
                     ("chatml", CHATML), ("falcon3", FALCON3), ("llama_tools", LLAMA_TOOLS), ("thinking", THINKING),
                     ("alternating", ALTERNATING), ("turns", TURNS), ("macros", MACROS), ("dated", DATED)]:
    for case, variables in [("chat", {"messages": CHAT}), ("short", {"messages": SHORT, "add_generation_prompt": True}),
                            ("empty", {"messages": []}), ("reasoned", {"messages": REASONED}),
                            ("tools", {"messages": SHORT, "tools": TOOLS, "add_generation_prompt": True}),
                            ("calls", {"messages": CALLS, "enable_thinking": False, "add_generation_prompt": True})]:
        MODELS.append((f"{name}/{case}", source,
                       {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>", **variables}))

VALUES = {"text": " Hello, World ", "word": "abc", "wide": "\u00fcn\u00ef \u6d77\U0001f600", "lines": "a\nb\r\nc\n\nd", "number": 7,
          "real": 2.5, "yes": True, "nothing": None, "items": [3, 1, 2], "names": ["b", "A", "c", "a"],
          "map": {"b": 1, "a": [1, 2], "C": {"x": None}}, "people": [{"name": "Bo", "age": 3, "ok": True},
          {"name": "al", "age": 1, "ok": False}, {"name": "Cy", "age": 2}], "odd": "it's \"q\" \\ \t \u00a0 \x7f \u200b",
          "messages": CHAT}

CONSTRUCTS = r"""
{{ text }}|{{ text | trim }}|{{ text | upper | trim }}|{{ text | lower }}
{{ word | title }}|{{ 'a-b (cd) e_f 1x' | title }}|{{ 'a-b cd 1x' .title() }}|{{ 'hELLO wORLD' | capitalize }}|{{ 'hELLO'.capitalize() }}
{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}
{{ -2 ** 2 }} {{ 1.5 + 1 }} {{ 7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 1e3 }} {{ 1e16 }} {{ 1.5e-7 }} {{ 0.0001 }} {{ 100000000000000.0 }} {{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }}
{{ 0.1 + 0.2 }} {{ 1 / 3 }} {{ 1e22 }} {{ 123456789.125 }} {{ -0.0 }} {{ 5.0 }} {{ 2.0 ** 0.5 }}
{{ true }} {{ True }} {{ none }} {{ None }} {{ false }} {{ yes }} {{ nothing }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 'a' == 'a' }} {{ 'a' != 'b' }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 1 == true }} {{ none == false }} {{ [1] == [1.0] }} {{ {'a': 1} == {'a': 1} }}
{{ 1 and 2 }} {{ 0 or 'x' }} {{ '' and 1 }}| {{ not 1 }} {{ not '' }} {{ not not x }} {{ 1 or undefined_thing.x }}
{{ 'a' if yes else 'b' }} {{ 'a' if nothing else 'b' }} {{ 'a' if nothing }}| {{ 1 if 0 else 2 if 0 else 3 }}
{{ undefined_thing }}|{{ undefined_thing | default('d') }}|{{ nothing | default('d') }}|{{ nothing | default('d', true) }}|{{ '' | d('e', boolean=True) }}|{{ map.zzz | default(3) }}
{{ 'a' ~ 1 ~ none ~ 2.0 ~ true ~ undefined_thing }} {{ 'a' ~ 'b' * 2 }} {{ 1 ~ 2 + 3 if false else 1 ~ 2 }}
{{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] * 3 }} {{ 'x' * 0 }}| {{ 'x' * -1 }}| {{ [1] + [2] }} {{ (1,) + (2, 3) }}
{{ 'l' in 'hello' }} {{ 'z' not in 'hello' }} {{ 1 in items }} {{ 'a' in map }} {{ 'x' in undefined_thing }} {{ '' in '' }} {{ 1.0 in items }}
{{ items[0] }} {{ items[-1] }} {{ items[5] }}| {{ map['b'] }} {{ map.b }} {{ map.a[1] }} {{ map.zzz }}| {{ map['zzz'] }}| {{ nothing.x }}| {{ number['x'] }}| {{ items.0 }} {{ map.a.1 }}
{{ word[0] }}{{ word[-1] }} {{ wide[1] }} {{ wide[5] }} {{ wide[::-1] }} {{ word[1:] }} {{ word[:-1] }} {{ word[::2] }} {{ word[5:] }}| {{ word[-2:] }} {{ items[1:] }} {{ items[::-1] }} {{ items[:2] }} {{ items[-1:] }} {{ items[10:] }} {{ (1,2,3)[1:] }} {{ items[none:2] }} {{ items[2:0:-1] }}
{{ [1, 'a', "b'c", none, true, 1.5, [2], (3,), {'k': 'v'}] }} {{ () }} {{ (1, 2) }} {{ {} }} {{ [] }} {{ 1, 2 }} {{ {1: 2, none: 3, true: 4} }}
{{ [odd] }} {{ [wide] }} {{ ['a"b', "a'b", 'a\'b"c', 'a\\b\n\t\r\x01'] }}
{{ map | tojson }} {{ map | tojson(indent=2) }} {{ [] | tojson }} {{ {} | tojson(indent=2) }} {{ wide | tojson }} {{ odd | tojson }} {{ [1.0, 1e20, none, true, 'x'] | tojson }} {{ (1, 2) | tojson }} {{ {1: 2, none: 1, true: 0, 1.5: 3} | tojson }}
{{ map | tojson(sort_keys=true) }} {{ wide | tojson(ensure_ascii=true) }} {{ map | tojson(separators=(',', ':')) }} {{ map | tojson(indent='\t') }} {{ [[], {}, [1]] | tojson(indent=1) }} {{ '</script>&' | tojson }} {{ 1 | tojson(indent=none) }}
{{ items | length }} {{ word | length }} {{ wide | length }} {{ map | length }} {{ undefined_thing | length }} {{ items | count }} {{ (1, 2) | length }}
{{ items | first }} {{ items | last }} {{ word | first }} {{ wide | last }} {{ [] | first }}| {{ map | first }} {{ map | last }}
{{ items | join }} {{ items | join(', ') }} {{ people | join('-', attribute='name') }} {{ word | join('.') }} {{ map | join(' ') }} {{ [none, 1.0, true] | join('/') }} {{ undefined_thing | join('x') }}| {{ items | join(0) }}
{{ items | sort }} {{ items | sort(reverse=true) }} {{ names | sort }} {{ names | sort(case_sensitive=true) }} {{ people | sort(attribute='age') | map(attribute='name') | join(',') }} {{ people | sort(attribute='name', reverse=true) | map(attribute='name') | list }}
{{ names | map('upper') | list }} {{ people | map(attribute='name') | list }} {{ people | map(attribute='ok', default='?') | join(' ') }} {{ names | map('replace', 'a', 'z') | join }} {{ [[1, 2], [3]] | map('length') | list }} {{ ['1', '2'] | map('int') | sum }}
{{ items | select('odd') | list }} {{ items | reject('odd') | list }} {{ [0, 1, '', 'a', none] | select | list }} {{ [0, 1] | reject | list }} {{ items | select('gt', 1) | list }} {{ items | select('in', [1, 2]) | list }} {{ items | select('==', 3) | list }}
{{ people | selectattr('ok') | map(attribute='name') | list }} {{ people | rejectattr('ok') | map(attribute='name') | list }} {{ people | selectattr('age', 'ge', 2) | map(attribute='name') | join('+') }} {{ people | selectattr('ok', 'defined') | list | length }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ people | rejectattr('age', 'equalto', 3) | first }}
{{ names | unique | list }} {{ [1, 1, 2, '1', 1.0] | unique | list }} {{ ['a', 'A'] | unique(case_sensitive=true) | list }} {{ items | reverse | list }} {{ word | reverse }} {{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 0) | list }}
{{ map | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ {'b': 1, 'a': 2} | dictsort(reverse=true) }} {{ map | items | list }} {{ undefined_thing | items | list }} {{ map.items() | list }} {{ map.keys() | list }} {{ map.values() | list }} {{ map | list }}
{{ map.get('b') }} {{ map.get('z') }} {{ map.get('z', 'd') }} {{ map.get('z', {}).get('y') }} {{ {'get': 1}['get'] }} {{ {'items': 5}['items'] }}
{{ '5' | int }} {{ 'x' | int }} {{ 'x' | int(9) }} {{ ' 12 ' | int }} {{ '1.9' | int }} {{ 2.9 | int }} {{ -2.9 | int }} {{ '-7' | int }} {{ 'ff' | int(base=16) }} {{ none | int }} {{ true | int }} {{ '2.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ 5 | string ~ 'x' }} {{ '1e3' | float }} {{ '+5' | int }}
{{ -3 | abs }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.9 | round(0, 'floor') }} {{ 7 | round }} {{ items | sum }} {{ people | sum(attribute='age') }} {{ items | min }} {{ items | max }} {{ names | max }} {{ people | max(attribute='age') }} {{ [] | min }}|
{{ 'a.b.c' | replace('.', '-') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'abc'.replace('b', '') }} {{ 'aaa'.replace('a', 'b', 1) }} {{ 'ab' | replace('', '-') }} {{ 'ab'.replace('', '-', 2) }} {{ 5 | replace(5, 6) }} {{ 'aXbX'.replace('X', '\n') }}
{{ lines | indent }}|{{ lines | indent(2) }}|{{ lines | indent(2, true) }}|{{ lines | indent('> ', blank=true) }}|{{ '' | indent }}|{{ 'a\n' | indent(first=true) }}
{{ ' x '.strip() }}|{{ ' x '.lstrip() }}|{{ ' x '.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcb'.rstrip('bc') }}|{{ '\u00a0\u3000\x1f a \u2003'.strip() }}|{{ 'xyx' | trim('x') }}|{{ '   '.strip() }}|{{ '   '.lstrip() }}|{{ '   '.rstrip() }}|{{ 'aaa'.rstrip('a') }}
{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ ' a  b c '.split(none, 1) }} {{ 'abc'.split('x') }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a</t>b</t>'.split('</t>')[-1] }}| {{ 'a,b'.split(sep=',') }} {{ ' a b'.split(maxsplit=0) }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a|b|c'.partition('|') }} {{ 'a|b|c'.rpartition('|') }} {{ 'abc'.partition('x') }} {{ 'abc'.rpartition('x') }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('x') }} {{ '\u00fcab'.find('b') }} {{ 'abab'.rfind('ab') }} {{ 'aaa'.rfind('aa') }} {{ 'abab'.count('ab') }} {{ 'aaaa'.count('aa') }} {{ 'abc'.index('b') }} {{ 'abc'.count('') }} {{ 'prefix'.removeprefix('pre') }} {{ 'prefix'.removesuffix('fix') }} {{ 'a'.removeprefix('b') }}
{{ '12'.isdigit() }} {{ 'a1'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ ''.isspace() }} {{ ', '.join(['a', 'b']) }} {{ '-'.join('abc') }} {{ 'aB'.upper() }}{{ 'aB'.lower() }} {{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }}
{{ x is defined }} {{ word is defined }} {{ x is undefined }} {{ nothing is none }} {{ word is not none }} {{ word is string }} {{ 1 is string }} {{ map is mapping }} {{ items is mapping }} {{ items is iterable }} {{ 1 is iterable }} {{ word is iterable }} {{ items is sequence }} {{ map is sequence }} {{ 1 is number }} {{ true is number }} {{ 1.5 is number }} {{ true is boolean }} {{ 1 is boolean }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ map.x is defined }} {{ x is iterable }} {{ x is sequence }} {{ x is string }}
{{ 1 is odd }} {{ 2 is even }} {{ 6 is divisibleby 3 }} {{ 6 is divisibleby(4) }} {{ 1 is eq 1 }} {{ 1 is equalto 2 }} {{ 1 is ne 2 }} {{ 2 is gt 1 }} {{ 2 is lt(1) }} {{ 1 is in [1, 2] }} {{ 3 is not in [1] }} {{ none is sameas none }} {{ 1 is sameas true }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ none is false }} {{ 'a' is lower }} {{ 'A' is upper }} {{ '1' is upper }} {{ not 1 is odd }} {{ range is callable }} {{ 1 is callable }} {{ 1 is ge 1 and 2 is le 3 }}
{% if yes %}a{% elif word %}b{% else %}c{% endif %}{% if nothing %}a{% elif word %}b{% else %}c{% endif %}{% if nothing %}a{% else %}c{% endif %}{% if items and not nothing or x %}d{% endif %}
{% for i in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {{ i }};{% endfor %}
{% for i in [] %}x{% else %}none{% endfor %}{% for i in items %}{{ i }}{% else %}none{% endfor %}{% for i in undefined_thing %}x{% else %}u{% endfor %}
{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}{% for k in map %}{{ k }}{% endfor %}{% for c in wide %}[{{ c }}]{% endfor %}{% for a, (b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}{% for k, v in map | dictsort %}{{ k }}{% endfor %}
{% for i in items if i > 1 %}{{ i }}{{ loop.index }}{{ loop.last }} {% else %}e{% endfor %}{% for i in items if i > 9 %}x{% else %}e{% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(2, 8, 3) %}{{ i }}{% endfor %} {% for i in range(3, 0, -1) %}{{ i }}{% endfor %} {{ range(0) | list }} {{ range(4)[1:3] | list }} {{ range(5) | length }}
{% for i in items %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %} {% for i in items %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in items %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i > 1) }} {% endfor %}
{% for a in items %}{% set outer = loop %}{% for b in 'xy' %}{{ outer.index }}{{ loop.index }}{{ a }}{{ b }} {% endfor %}{% endfor %}
{% set x = 1 %}{% for i in items %}{{ x }}{% set x = i %}{{ x }} {% endfor %}{{ x }}{% if yes %}{% set x = 9 %}{% endif %}{{ x }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}{% set e = 1, %}{{ e }}{% set f = [1, 2,] %}{{ f }}{% set g = (1, 2) %}{{ g }}
{% set ns = namespace(n=0, found=false) %}{% for i in items %}{% set ns.n = ns.n + i %}{% if i == 1 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.n }} {{ ns.found }} {{ ns.other }}|{{ ns }}{% set ns2 = namespace({'a': 1}, b=2) %}{{ ns2.a }}{{ ns2.b }}{{ ns2['a'] }}
{% set block %}a{{ word }}b{% endset %}{{ block }} {{ block | length }} {% set up | upper | replace('B', 'x') %}ab{{ word }}{% endset %}{{ up }}
{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='z') }}{{ m(a=5) }}{{ m() }}{{ m(1, 2, 3) | upper }}
{% macro outer(n) %}{% if n > 0 %}{{ n }}{{ outer(n - 1) }}{% endif %}{% endmacro %}{{ outer(5) }}{% macro late() %}{{ later }}{% endmacro %}{% set later = 3 %}{{ late() }}
{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('b') %}in {{ word }}{% endcall %}{% macro each(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(x) each(items) %}[{{ x }}]{% endcall %}
{% macro d(a, b=a ~ '!') %}{{ b }}{% endmacro %}{{ d('x') }}{% macro e(a) %}{{ a is defined }}{% endmacro %}{{ e() }}{{ e(1) }}
{% filter upper %}ab{{ word }}{% endfilter %}{% filter replace('a', 'z') | upper %}abc{% endfilter %}{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}|
{% raw %}{{ not }} {% a %} {# b #}{% endraw %}|{%- raw -%} x {%- endraw -%} y|{# comment #}|{#- tight -#} z
{% generation %}in{% set gen = 1 %}{{ gen }}{% endgeneration %}{{ gen }}|
{{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %a %A %y %j %I %p %%') }} {{ strftime_now('%e|%-d|%F|%T') }} {{ strftime_now is defined }}
{{ dict(a=1, b='x') }} {{ dict({'a': 1}, b=2) }} {{ {'a': 1, 'a': 2} }} {{ {'a': 1}.a }} {{ [1, 2,] }} {{ (1) }} {{ {'x': {'y': {'z': 1}}}.x.y.z }}
{{ 'con' 'cat' }} {{ "a\tb\\n\x41\u00e9\U0001f600\101\q" }} {{ 'it''s' }} {{ 'a\
b' }}
{{ word | upper ~ 'x' }} {{ word ~ 'x' | upper }} {{ (word ~ 'x') | upper }} {{ -1 | abs }}
{{ not word is defined }} {{ word is defined and word is string }} {{ 1 + 1 is odd }} {{ x is defined or word == 'abc' }} {{ (x is not defined) == true }}
{{ ''.__class__ }}| {{ map.__class__ }}| {{ map._private }}| {{ word.foo }}| {{ items.append }}|
{{ messages[0].content | trim }} {{ messages[-1]['role'] }} {{ messages[1:] | length }} {{ (messages | last).content }} {{ messages | map(attribute='content') | map('trim') | join('|') }} {{ messages[0]['content'].strip().split(' ')[0] }}
{{ x.y if x is defined else 'no' }} {{ (x or {}).y }}| {{ map.C.x is none }} {{ map['C']['x'] is defined }} {{ undefined_thing == undefined_other }} {{ undefined_thing == none }} {{ undefined_thing is none }} {{ [undefined_thing] }}
{{ 10 | string | length }} {{ none | string }} {{ none | upper }} {{ 5 | trim }} {{ true | lower }} {{ [1] | string }} {{ 'x' | safe }} {{ word | list }} {{ map | list | sort }}
{{ 'a' is in 'abc' }} {{ 'abc' | select('in', 'ab') | list }} {{ 'b' in ['a', 'b'] and 'c' not in ['a'] }} {{ 'role' in messages[0] }} {{ 'tool_calls' in messages[0] }}
"""

# Whitespace and lines matter here, so each is one template.
LAYOUT = [
    "a\n{% if yes %}\n  b\n{% endif %}\nc\n", "a\n  {% if yes %}  \n  b\n  {% endif %}\nc", "  {% if yes %}x{% endif %}  \n  {{ word }}  \n",
    "a {%- if yes %} b {%- endif %} c", "a {% if yes -%} b {% endif -%} c", "a\n  {{- word -}}  \nb", "{%+ if yes %}x{% endif %}",
    "  {%+ if yes %}x{% endif +%}\ny", "{# c #}\nx\n  {# d #}  \n  y", "x {#- d -#} y", "a\r\nb\rc\n\n", "{{ 'a\r\nb' }}", "\n\n{{ word }}\n\n",
    "{% for i in items %}\n  {{ i }}\n{% endfor %}\n", "{%- for i in items -%}\n  {{ i }}\n{%- endfor -%}\n x", "{% raw %}\n {{ x }} \n{% endraw %}\n y",
    "{{ { 'a': {'b': 1} }['a']['b'] }}", "{{'}}'}}{{ '%}' }}{{ \"{{\" }}", "{%if yes%}a{%endif%}", "a{{word}}b{ {c} }{", "{{ word\n|\nupper }}",
    "  {% set a = 1 %}\n  {% set b = 2 %}\n{{ a + b }}", "x\n\t {%- if yes %}\n y{% endif %}", "{% if yes %}  \nx{% endif %}", "{% set x %}\n a\n{% endset %}[{{ x }}]",
    "\u00fc{{ word }}\u6d77 \u00a0{%- if yes %}x{% endif %}", "{# unbalanced {{ #}x", "{%- if true -%}\n\n x \n\n{%- endif -%}\n", "a{% if yes %}\n\nb{% endif %}", "",
    "text only\n", "{{ word }}\n", "{% raw %}{% endraw %}", "{% raw %}  {%- endraw %}x", "  {% raw %} a {% endraw %}  \n b", "a  {#+ x +#}\nb", "{{- word }}{{ word -}}\n z",
]

ERRORS = r"""
{{ undefined_thing.x }}
{{ undefined_thing['x'] }}
{{ undefined_thing() }}
{{ undefined_thing + 1 }}
{{ undefined_thing < 1 }}
{{ undefined_thing[1:] }}
{{ map.a.b.c }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 1 < 'a' }}
{{ none + 1 }}
{{ none | length }}
{{ 5 | length }}
{{ 5 | list }}
{{ none | join }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 in 5 }}
{{ 1 in 'a' }}
{{ 'x' | nonesuch }}
{{ 1 is nonesuch }}
{{ raise_exception('no') }}
{{ 'abc'.index('x') }}
{{ [1].index(2) }}
{{ ''.split('') }}
{{ map[1:] }}
{{ nothing[1:] }}
{{ items['a':] }}
{{ items[::0] }}
{{ items() }}
{{ word.nonesuch() }}
{{ word.upper(1) }}
{{ ''.__class__.__mro__ }}
{{ ''.__class__.__mro__[1].__subclasses__() }}
{{ items.append(1) }}
{{ map.update({}) }}
{{ map.pop('a') }}
{{ {}[[]] }}{{ {[]: 1} }}
{% for i in 5 %}{% endfor %}
{% for i in none %}{% endfor %}
{% for a, b in items %}{% endfor %}
{% set a, b = 1, 2, 3 %}
{% set a, b = 5 %}
{% set map.x = 1 %}
{% set nope.x = 1 %}
{{ range() }}
{{ range(10 ** 9) }}
{{ range(1, 2, 0) }}
{{ range('a') }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=1) }}
{% macro m(a) %}{% endmacro %}{{ m(1, a=1) }}
{{ undefined_thing | tojson }}
{{ namespace() | tojson }}
{{ ['a', 1] | sort }}
{{ undefined_thing | int }}
{{ 'a' | abs }}
{{ 5 | round('x') }}
{{ word | replace }}
{{ word | trim(1, 2) }}
{{ word | trim(nope=1) }}
{{ word | map('nonesuch') | list }}
{{ items | map | list }}
{{ [none] | map(attribute='x') | map(attribute='y') | list }}
{{ -word }}
{{ +word }}
{{ map | dictsort(by='x', nope=1) }}
{{ 5 | items | list }}
{% include 'x' %}
{% extends 'x' %}
{% import 'x' as y %}
{% nonesuch %}
{% if %}x{% endif %}
{% if yes %}x
{% endif %}
{% for i in items %}x
{% for in items %}x{% endfor %}
{% for i items %}x{% endfor %}
{% else %}
{% if yes %}{% else %}{% else %}{% endif %}
{% macro %}{% endmacro %}
{% macro m(a=1, b) %}{% endmacro %}
{% set %}
{% set 1 = 2 %}
{% set none = 2 %}
{% break %}
{% continue %}
{% raw %}x
{# x
{{ x
{{ 'x }}
{% if yes
{{ }}
{{ 1 + }}
{{ (1 }}
{{ [1 }}
{{ {1} }}
{{ {'a' 1} }}
{{ 1 2 }}
{{ a b }}
{{ a..b }}
{{ a.'b' }}
{{ a[] }}
{{ a | }}
{{ a | 5 }}
{{ a is }}
{{ a is not }}
{{ 1 is odd is even }}
{{ f(a=1, 2) }}
{{ f(1 2) }}
{{ 'a' ! 'b' }}
{{ a ? b }}
{{ $x }}
{{ ) }}
{{ ] }}
{{ 1 if }}
{{ not }}
{{ 'a' 'b }}
{% for i in items %}{% endif %}
{% if yes %}{% endfor %}
{% filter nonesuch %}{% endfilter %}
{% call word() %}x{% endcall %}
{% call 5 %}x{% endcall %}
{% with a %}{% endwith %}
{% endif %}
{% set x %}a
{{ 012 }}
{{ 0x }}
{{ '\xZZ' }}
{{ 'abc' | first(1) }}
{{ strftime_now() }}
{{ word.startswith(1) }}
{{ word.split(1) }}
{{ ', '.join([1, 2]) }}
{{ word.replace('a') }}
{{ word.strip(1) }}
{{ map.get() }}
{{ map.keys(1) }}
"""


def split(text):
    """One template a line; a line that ends with a backslash goes on."""
    lines, whole = [], ""
    for line in text.strip("\n").split("\n"):
        whole += line
        if line.endswith("\\"):
            whole += "\n"
        else:
            lines.append(whole)
            whole = ""
    return lines


def cases():
    yield from MODELS
    for source in split(CONSTRUCTS):
        yield source, source, VALUES
    for source in LAYOUT:
        yield repr(source), source, VALUES
    for source in split(ERRORS):
        yield source, source, VALUES
