#!/usr/bin/env bash
# Everyday tasks with curl: what the server sends, headers and all.
#
#     tests/conformance/transcripts/with_curl.sh http://127.0.0.1:11434 [CHAT_MODEL [EMBEDDING_MODEL]]
#
# The same tasks as in `with_ollama_python.py` and `with_ollama_js.mjs`. A marker such as `[[scenario:think]]` tells a
# scripted upstream what to answer; a model will ignore it.
set -euo pipefail

url=$1
model=${2:-demo-chat}
embedding_model=${3:-demo-embed}

weather='{"type":"function","function":{"name":"get_weather","description":"Weather of a city","parameters":
  {"type":"object","required":["city"],"properties":{"city":{"type":"string","description":"The city"},
  "days":{"type":"integer"}}}}}'
time='{"type":"function","function":{"name":"get_time","description":"Time in a zone","parameters":
  {"type":"object","properties":{"zone":{"type":"string"}}}}}'
person='{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name"]}'

# task NAME PATH [BODY]
task() {
    printf '== %s\n' "$1"
    # --noproxy: a proxy that the environment names is not meant for this server
    curl --silent --show-error --include --no-buffer --noproxy '*' "$url$2" ${3:+--data "$3"}
    printf '\n'
}

# said SCENARIO: a conversation that asks for it
said() {
    printf '[{"role":"user","content":"Hi [[scenario:%s]]"}]' "$1"
}

task "ask the version" /api/version
task "list models" /api/tags
task "show a model" /api/show "{\"model\":\"$model\"}"
task "chat" /api/chat "{\"model\":\"$model\",\"messages\":$(said default),\"stream\":false}"
task "chat streamed" /api/chat "{\"model\":\"$model\",\"messages\":$(said default)}"
task "think" /api/chat "{\"model\":\"$model\",\"messages\":$(said think),\"think\":true}"
task "call a tool" /api/chat \
    "{\"model\":\"$model\",\"messages\":$(said tool),\"tools\":[$weather,$time],\"stream\":false}"
task "tell the tool's result" /api/chat "{\"model\":\"$model\",\"stream\":false,\"messages\":[
  {\"role\":\"user\",\"content\":\"Weather?\"},
  {\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Oslo\"}}}]},
  {\"role\":\"tool\",\"content\":\"12 degrees [[scenario:one]]\",\"tool_name\":\"get_weather\"}]}"
task "fill a schema" /api/chat "{\"model\":\"$model\",\"messages\":$(said json),\"format\":$person}"
task "generate streamed" /api/generate "{\"model\":\"$model\",\"prompt\":\"Hi [[scenario:default]]\"}"
task "embed" /api/embed "{\"model\":\"$embedding_model\",\"input\":[\"hello\",\"world\",\"hello\"]}"
task "ask an unknown model" /api/chat "{\"model\":\"nope\",\"messages\":$(said missing)}"
task "load" /api/chat "{\"model\":\"$model\"}"
task "list loaded models" /api/ps
task "unload" /api/chat "{\"model\":\"$model\",\"messages\":[],\"keep_alive\":0}"
task "list loaded models" /api/ps
