// SPDX-License-Identifier: Apache-2.0
//
// Asking this server, with the key of this tab.

function headers() {
  const key = sessionStorage.getItem("sterna.key");
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function refusalOf(reply) {
  if (reply.status === 401) return "This server wants an API key. Put it into the settings.";
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The server answered ${reply.status}.`;
  }
}

// Paths are relative, so that the page also works behind a proxy that gives it a folder.
export async function get(path) {
  const reply = await fetch(path, { headers: headers() });
  if (!reply.ok) throw new Error(await refusalOf(reply));
  return reply;
}

// Asks for a chat's answer; `onEvent` sees each event of the stream as an object. `signal` stops it.
export async function streamChat(body, signal, onEvent) {
  const reply = await fetch("v1/chat/completions", {
    method: "POST",
    headers: { ...headers(), "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!reply.ok) throw new Error(await refusalOf(reply));
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Error(event.error.message);
      onEvent(event);
    }
  }
}
