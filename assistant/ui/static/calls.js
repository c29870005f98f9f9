// Calls of Gradio's engine: what takes long, sent as it comes.
import { phrases, root } from "./site.js";

/**
 * Call a function of the server by name and yield each value that it sends, the last one too.
 * Throws an Error with the server's words. `signal` ends the listening; the function's work may go on.
 */
export async function* call(name, values = [], signal = undefined) {
  const headers = { "Content-Type": "application/json" };
  const asked = await fetch(`${root}/gradio_api/call/${name}`, {
    method: "POST", headers, body: JSON.stringify({ data: values }), signal,
  });
  if (!asked.ok) throw new Error(await words(asked));
  const { event_id: id } = await asked.json();
  const answer = await fetch(`${root}/gradio_api/call/${name}/${id}`, { signal });
  if (!answer.ok) throw new Error(await words(answer));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  let hasGenerated = false;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      waiting += value;
      const blocks = waiting.split("\n\n");
      waiting = blocks.pop();
      for (const block of blocks) {
        const kind = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (kind === "error") throw new Error(message(data));
        if (kind === "complete" && hasGenerated) return; // which says the last value once more
        if (kind === "generating" || kind === "complete") {
          const values = JSON.parse(data);
          hasGenerated = true;
          if (values?.length) yield values[0];
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Call a function and return the last value that it sends. */
export async function result(name, values = [], signal = undefined) {
  let last;
  for await (const value of call(name, values, signal)) last = value;
  return last;
}

async function words(response) {
  try {
    const value = await response.json();
    return message(JSON.stringify(value.detail ?? value));
  } catch {
    return phrases.answered.replace("#", response.status);
  }
}

function message(data) {
  try {
    const value = JSON.parse(data);
    return (typeof value === "string" ? value : value?.error ?? value?.message) || phrases.failed;
  } catch {
    return data || phrases.failed;
  }
}
