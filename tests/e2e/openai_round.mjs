// What the `openai` package of npm must be able to do: `node openai_round.mjs URL`; ends with 0 when it can.
// Run by `test_openai_node.py` in a folder where the package is installed.

import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "client-key", maxRetries: 0 });
const model = "gpt-4o:latest";
const said = (content) => [{ role: "user", content }];
const tools = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];

const ids = [];
for await (const { id } of await client.models.list()) ids.push(id);
assert(ids.includes("gpt-4o"));
assert.equal((await client.models.retrieve(model)).id, "gpt-4o");

const whole = (await client.chat.completions.create({ model, messages: said("hello there") })).choices[0].message.content;
assert(whole.includes("hello there"));
let streamed = "";
for await (const chunk of await client.chat.completions.create({ model, messages: said("hello there"), stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}
assert.equal(streamed, whole);

const messages = said("use get_weather for Oslo");
const asked = (await client.chat.completions.create({ model, messages, tools })).choices[0].message;
const [call] = asked.tool_calls;
messages.push({ role: "assistant", tool_calls: [call] }, { role: "tool", tool_call_id: call.id, content: "3 degrees" });
const told = (await client.chat.completions.create({ model, messages, tools })).choices[0].message.content;
assert(told.includes(call.id) && told.includes("3 degrees"));

const embedding = { model: "text-embedding-3-small", input: "one", dimensions: 8 };
const [packed] = (await client.embeddings.create(embedding)).data;
const [plain] = (await client.embeddings.create({ ...embedding, encoding_format: "float" })).data;
packed.embedding.forEach((number, index) => assert(Math.abs(number - plain.embedding[index]) < 1e-6));

for (const [fault, kind] of [
  ["401", OpenAI.AuthenticationError],
  ["429", OpenAI.RateLimitError],
  ["500", OpenAI.InternalServerError],
]) {
  const request = { model, messages: said(`[[fault:${fault}]]`) };
  await assert.rejects(client.chat.completions.create(request), kind);
}
await assert.rejects(client.chat.completions.create({ model: "nope", messages: said("hi") }), OpenAI.NotFoundError);

const broken = await client.chat.completions.create({ model, messages: said("a b c [[fault:cut]]"), stream: true });
await assert.rejects(async () => {
  for await (const _ of broken);
}, /broke off in the middle/);
