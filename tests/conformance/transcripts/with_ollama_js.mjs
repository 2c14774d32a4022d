// Everyday tasks with the `ollama` package of npm, told as a user sees them.
//
//     node tests/conformance/transcripts/with_ollama_js.mjs http://127.0.0.1:11434 [CHAT_MODEL [EMBEDDING_MODEL]]
//
// The package must be installed in this folder or in one above it. The same tasks as in `with_ollama_python.py` and
// `with_curl.sh`. A marker such as `[[scenario:think]]` tells a scripted upstream what to answer; a model will ignore it.

import { Ollama } from "ollama";

const [url, model = "demo-chat", embeddingModel = "demo-embed"] = process.argv.slice(2);
const client = new Ollama({ host: url });

const tell = (...lines) => lines.forEach((line) => console.log(line));
const said = (scenario) => [{ role: "user", content: `Hi [[scenario:${scenario}]]` }];
const ending = ({ done_reason, prompt_eval_count, eval_count, total_duration }) =>
  `[${done_reason}, ${prompt_eval_count} + ${eval_count} tokens, ${(total_duration / 1e9).toFixed(6)} s]`;
const quoted = JSON.stringify;

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a city",
    parameters: {
      type: "object",
      required: ["city"],
      properties: { city: { type: "string", description: "The city" }, days: { type: "integer" } },
    },
  },
};
const time = {
  type: "function",
  function: {
    name: "get_time",
    description: "Time in a zone",
    parameters: { type: "object", properties: { zone: { type: "string" } } },
  },
};
const person = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name"],
};

async function tellStream(parts) {
  for await (const part of parts) {
    if (part.message.thinking) tell(`thinking ${quoted(part.message.thinking)}`);
    if (part.message.content) tell(`text ${quoted(part.message.content)}`);
    if (part.done) tell(ending(part));
  }
}

async function tellLoaded() {
  const { models } = await client.ps();
  const loaded = models.filter((found) => [model, `${model}:latest`].includes(found.model));
  tell(...(loaded.length ? loaded.map((found) => `${found.model} is loaded until ${found.expires_at}`) : ["not loaded"]));
}

const tasks = {
  "ask the version": async () => tell((await client.version()).version),

  "list models": async () => tell(...(await client.list()).models.map(({ name }) => name).sort()),

  "show a model": async () => {
    const shown = await client.show({ model });
    tell(`it can: ${shown.capabilities.sort().join(", ")}`);
    tell(`context length: ${shown.model_info[`${shown.model_info["general.architecture"]}.context_length`]}`);
    tell(`has a template: ${Boolean(shown.template)}`);
  },

  chat: async () => {
    const answer = await client.chat({ model, messages: said("default") });
    tell(`${answer.model}, ${answer.message.role}: ${answer.message.content}`, ending(answer));
  },

  "chat streamed": async () => tellStream(await client.chat({ model, messages: said("default"), stream: true })),

  think: async () => tellStream(await client.chat({ model, messages: said("think"), think: true, stream: true })),

  "call a tool": async () => {
    const messages = said("tool");
    const answer = await client.chat({ model, messages, tools: [weather, time] });
    messages.push(answer.message);
    for (const { function: called } of answer.message.tool_calls ?? []) {
      tell(`call ${called.name}(${quoted(called.arguments)})`);
      messages.push({ role: "tool", tool_name: called.name, content: "12 degrees [[scenario:one]]" });
    }
    tell(ending(answer));
    const told = await client.chat({ model, messages });
    tell(`text ${quoted(told.message.content)}`, ending(told));
  },

  "fill a schema": async () => {
    let text = "";
    for await (const part of await client.chat({ model, messages: said("json"), format: person, stream: true })) {
      text += part.message.content;
      if (part.done) tell(`an object: ${quoted(JSON.parse(text))}`, ending(part));
    }
  },

  "generate streamed": async () => {
    for await (const part of await client.generate({ model, prompt: said("default")[0].content, stream: true })) {
      tell(part.done ? ending(part) : `text ${quoted(part.response)}`);
      if (part.done) tell(`has a context: ${part.context?.length > 0}`);
    }
  },

  embed: async () => {
    const { embeddings } = await client.embed({ model: embeddingModel, input: ["hello", "world", "hello"] });
    for (const vector of embeddings) {
      const first = vector.slice(0, 4).map((number) => number.toFixed(6));
      tell(`${vector.length} numbers: ${first.join(" ")} …`);
    }
  },

  "ask an unknown model": async () => {
    try {
      await tellStream(await client.chat({ model: "nope", messages: said("missing"), stream: true }));
    } catch (error) {
      tell(`error ${error.status_code}: ${error.error}`);
    }
  },

  "load and unload": async () => {
    tell(`[${(await client.chat({ model, messages: [] })).done_reason}]`);
    await tellLoaded();
    tell(`[${(await client.chat({ model, messages: [], keep_alive: 0 })).done_reason}]`);
    await tellLoaded();
  },
};

for (const [name, task] of Object.entries(tasks)) {
  tell(`== ${name}`);
  await task();
}
