// Ten exchanges of the `ollama` package of npm: `node ten_exchanges.mjs URL`; ends with 0 when all are right.
// What is asserted holds for the test upstream, and for a replay of what it answered; as in `ten_exchanges.py`.

import assert from "node:assert/strict";
import { Ollama } from "ollama";

const client = new Ollama({ host: process.argv[2] });
const model = "gpt-4o";
const said = (content) => [{ role: "user", content }];
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "Tells the weather.",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const format = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };

async function joined(chunks) {
  let text = "";
  for await (const chunk of chunks) text += chunk.message?.content ?? chunk.response;
  return text;
}

assert((await client.show({ model })).capabilities.includes("tools")); // 1
const streamed = await joined(await client.chat({ model, messages: said("a stream of Oslo"), stream: true })); // 2
assert(streamed.includes("a stream of Oslo"));
assert((await client.chat({ model, messages: said("all of Oslo") })).message.content.includes("all of Oslo")); // 3

const messages = said("use get_weather for Oslo");
const { message } = await client.chat({ model, messages, tools }); // 4
assert.deepEqual(message.tool_calls.map((call) => call.function.name), ["get_weather"]);
messages.push(message, { role: "tool", content: "3 degrees in Oslo" });
assert((await joined(await client.chat({ model, messages, tools, stream: true }))).includes("3 degrees in Oslo")); // 5

const thought = (await client.chat({ model: "reasoner-1", messages: said("think of Oslo"), think: true })).message; // 6
assert(thought.thinking && thought.content.includes("Oslo"));
const formed = await client.chat({ model, messages: said("the name of Oslo"), format }); // 7
assert(formed.message.content.includes('"name"'));
assert((await joined(await client.generate({ model, prompt: "a tale of Oslo", stream: true }))).includes("Oslo")); // 8
const input = ["one Oslo", "two Oslo"];
const { embeddings } = await client.embed({ model: "text-embedding-3-small", input, dimensions: 8 }); // 9
assert.deepEqual(embeddings.map((vector) => vector.length), [8, 8]);
await assert.rejects(client.chat({ model: "no-such-model", messages: said("nothing of Oslo") }), { // 10
  status_code: 404,
  error: "model 'no-such-model' not found",
});
