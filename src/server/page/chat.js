// SPDX-License-Identifier: Apache-2.0
//
// One answer: what is asked, and what comes back piece by piece.
import { streamChat } from "./client.js";

const NUMBERS = ["temperature", "top_p", "top_k", "max_tokens", "seed"];

function bodyOf(messages, settings) {
  const system = settings.system ? [{ role: "system", content: settings.system }] : [];
  const body = { messages: [...system, ...messages] };
  for (const name of NUMBERS) {
    if (settings[name] !== undefined && settings[name] !== "") body[name] = Number(settings[name]);
  }
  return body;
}

// Calls `onPiece` with the text so far and tokens per second. Gives {finish, tokens}: how it ended ("stop", "length",
// "stopped"), and how many tokens of the context are full, where that is known.
export async function answer(messages, settings, signal, onPiece) {
  let text = "";
  let pieces = 0;
  let firstMs = 0;
  const result = { finish: "", tokens: null };
  const onEvent = (event) => {
    const choice = event.choices[0];
    if (event.usage) result.tokens = event.usage.total_tokens;
    if (choice?.finish_reason) result.finish = choice.finish_reason;
    if (!choice?.delta?.content) return;
    text += choice.delta.content;
    pieces += 1;
    if (pieces === 1) firstMs = performance.now();
    const seconds = (performance.now() - firstMs) / 1000;
    onPiece(text, pieces > 1 && seconds > 0 ? (pieces - 1) / seconds : 0);
  };
  try {
    await streamChat(bodyOf(messages, settings), signal, onEvent);
  } catch (error) {
    if (!signal.aborted) throw error;
    result.finish = "stopped";
  }
  return result;
}
