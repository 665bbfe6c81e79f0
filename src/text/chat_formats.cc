// SPDX-License-Identifier: Apache-2.0
#include "text/chat_formats.h"

#include "text/known_tokens.h"

namespace sterna::text {
namespace {

constexpr ChatFormat kFormats[] = {
    {"bitnet",
     "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content | trim }}{{ turn_end }}"
     "{% endfor %}{% if add_generation_prompt %}Assistant: {% endif %}",
     "<|eot_id|>"},
    {"llama3",
     "{% macro head(role) %}<|start_header_id|>{{ role }}<|end_header_id|>{{ '\\n\\n' }}{% endmacro %}"
     "{% for message in messages %}{{ head(message.role) }}{{ message.content | trim }}{{ turn_end }}{% endfor %}"
     "{% if add_generation_prompt %}{{ head('assistant') }}{% endif %}",
     "<|eot_id|>"},
    {"chatml",
     "{% for message in messages %}<|im_start|>{{ message.role }}{{ '\\n' }}{{ message.content }}{{ turn_end }}{{ "
     "'\\n' }}"
     "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant{{ '\\n' }}{% endif %}",
     "<|im_end|>"},
    {"falcon3",
     "{% for message in messages %}<|{{ message.role }}|>{{ '\\n' }}{{ message.content }}{{ '\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}<|assistant|>{{ '\\n' }}{% endif %}",
     ""},
    {"gemma",
     "{% set system = messages[0].content | trim + '\\n\\n' if messages and messages[0].role == 'system' else '' %}"
     "{% set turns = messages[1:] if system else messages %}"
     "{% for message in turns %}<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}{{ '\\n' "
     "}}"
     "{% if loop.first %}{{ system }}{% endif %}{{ message.content | trim }}{{ turn_end }}{{ '\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}<start_of_turn>model{{ '\\n' }}{% endif %}",
     "<end_of_turn>"},
};

}  // namespace

const ChatFormat* FindChatFormat(std::string_view name) {
  for (const ChatFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string ChooseTurnEnd(const ChatFormat& format, const Vocabulary* vocabulary) {
  if (vocabulary == nullptr || format.turn_end.empty() || FindControlToken(*vocabulary, {format.turn_end})) {
    return std::string(format.turn_end);
  }
  if (vocabulary->eot) return vocabulary->tokens[size_t(*vocabulary->eot)];
  if (vocabulary->eos) return vocabulary->tokens[size_t(*vocabulary->eos)];
  return "\n";
}

}  // namespace sterna::text
