// SPDX-License-Identifier: Apache-2.0
//
// The page's controls, and what they do.
import { answer } from "./chat.js";
import { get } from "./client.js";
import { render } from "./markdown.js";
import { Monitor } from "./monitor.js";
import * as store from "./store.js";

const at = (id) => document.getElementById(id);
const SETTINGS = ["system", "temperature", "top_p", "top_k", "max_tokens", "seed"];
let conversation = store.current();
let asking = null;  // the AbortController of the answer that comes in
let contextTokens = 0;

function say(text, bad = false) {
  at("status").textContent = text;
  at("status").classList.toggle("bad", bad);
}

function addMessage(message) {
  const article = document.createElement("article");
  article.className = `message ${message.role}`;
  const who = article.appendChild(document.createElement("h2"));
  who.className = "who";
  who.textContent = message.role === "user" ? "You" : "Model";
  const body = article.appendChild(document.createElement("div"));
  render(body, message.content);
  at("messages").append(article);
  return body;
}

function showMessages() {
  at("messages").replaceChildren();
  conversation.messages.forEach(addMessage);
  if (conversation.messages.length === 0) {
    const empty = at("messages").appendChild(document.createElement("p"));
    empty.className = "empty";
    empty.textContent = "Nothing here yet. What would you like to know?";
  }
  at("messages").scrollTop = at("messages").scrollHeight;
  showContext();
}

function showContext() {
  const full = conversation.tokens || 0;
  at("context").max = contextTokens || 1;
  at("context").value = full;
  at("context-text").textContent = contextTokens ? `${full} of ${contextTokens} tokens` : `${full} tokens`;
}

function button(text, label, onClick) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "small";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", onClick);
  return made;
}

function open(other) {
  asking?.abort();
  conversation = other;
  store.select(other);
  say("");
  showList();
  showMessages();
}

function rename(one) {
  const title = prompt("A name for this chat", one.title);
  if (!title) return;
  one.title = title;
  store.saveConversations();
  showList();
}

function remove(one) {
  if (!confirm(`Delete "${one.title}"?`)) return;
  store.remove(one);
  one === conversation ? open(store.current()) : showList();
  at("prompt").focus();
}

function showList() {
  at("list").replaceChildren(...store.conversations.map((one) => {
    const item = document.createElement("li");
    const title = button(one.title, one.title, () => open(one));
    title.className = "title";
    title.setAttribute("aria-current", String(one === conversation));
    item.append(title, button("\u270e", `Rename ${one.title}`, () => rename(one)),
                button("\u2715", `Delete ${one.title}`, () => remove(one)));
    return item;
  }));
}

function exportAll() {
  const blob = new Blob([JSON.stringify(store.conversations, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = "sterna-chats.json";
  link.click();
  URL.revokeObjectURL(link.href);
}

function setAsking(controller) {
  asking = controller;
  at("stop").hidden = controller === null;
  at("send").hidden = controller !== null;
  at("messages").setAttribute("aria-busy", String(controller !== null));
}

const ENDS = { stop: "", length: "The answer was cut at the largest number of tokens.", stopped: "Stopped." };

async function ask(text) {
  const here = conversation;
  const controller = new AbortController();
  here.messages.push({ role: "user", content: text });
  if (here.title === "New chat") here.title = text.slice(0, 40);
  store.saveConversations();
  showList();
  showMessages();
  const reply = { role: "assistant", content: "" };
  const body = addMessage(reply);
  setAsking(controller);
  say("The model is writing.");
  try {
    const result = await answer(here.messages.slice(), store.settings, controller.signal, (soFar, rate) => {
      reply.content = soFar;
      const log = at("messages");
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;  // who reads further up stays there
      render(body, soFar);
      if (atEnd) log.scrollTop = log.scrollHeight;
      at("rate").textContent = rate > 0 ? `${rate.toFixed(1)} tokens/s` : "";
    });
    here.tokens = result.tokens ?? here.tokens;
    if (here === conversation) say(ENDS[result.finish] ?? "");
  } catch (error) {
    if (here === conversation) say(error.message, true);
  }
  if (reply.content) {
    here.messages.push(reply);
  } else {  // nothing came: the question goes back to where it can be sent again
    here.messages.pop();
    at("prompt").value ||= text;
  }
  store.saveConversations();
  setAsking(null);
  if (here === conversation) showMessages();
}

function onSubmit(event) {
  event.preventDefault();
  const text = at("prompt").value.trim();
  if (text === "" || asking) return;
  at("prompt").value = "";
  ask(text);
}

function onKey(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("form").requestSubmit();
}

function panel(buttonId, panelId, onChange = () => {}) {
  const set = (shown) => {
    at(panelId).hidden = !shown;
    at(buttonId).setAttribute("aria-expanded", String(shown));
    onChange(shown);
  };
  at(buttonId).addEventListener("click", () => set(at(panelId).hidden));
  return set;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  at("theme").textContent = theme === "dark" ? "Light" : "Dark";
  at("theme").setAttribute("aria-label", theme === "dark" ? "Light colours" : "Dark colours");
}

function connectSettings() {
  for (const name of SETTINGS) {
    at(name).value = store.settings[name] ?? "";
    at(name).addEventListener("input", () => {
      store.settings[name] = at(name).value;
      store.saveSettings();
    });
  }
  at("api-key").value = sessionStorage.getItem("sterna.key") ?? "";
  at("api-key").addEventListener("change", () => {
    sessionStorage.setItem("sterna.key", at("api-key").value);
    say("");
    showServer();
  });
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(store.settings.theme ?? (dark ? "dark" : "light"));
  at("theme").addEventListener("click", () => {
    store.settings.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    store.saveSettings();
    setTheme(store.settings.theme);
  });
}

// What the server says about itself: the model's name, the context's length, its own settings.
async function showServer() {
  try {
    const props = await (await get("props")).json();
    const own = props.default_generation_settings;
    contextTokens = own.n_ctx;
    at("model").textContent = props.model_alias;
    for (const name of ["temperature", "top_p", "top_k", "seed"]) at(name).placeholder = Number(own.params[name].toPrecision(4));
    at("max_tokens").placeholder = own.params.n_predict;
    showContext();
  } catch (error) {
    say(error.message, true);
  }
}

at("new").addEventListener("click", () => {
  open(conversation.messages.length === 0 ? conversation : store.add());
  at("prompt").focus();
});
at("export").addEventListener("click", exportAll);
at("form").addEventListener("submit", onSubmit);
at("prompt").addEventListener("keydown", onKey);
at("stop").addEventListener("click", () => {
  asking?.abort();
  at("prompt").focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") asking?.abort();
});
addEventListener("sterna-not-kept", () => say("The browser cannot keep this chat: its room for pages is full.", true));
const monitor = new Monitor(at("charts"), (error) => say(error.message, true));
panel("toggle-list", "conversations")(matchMedia("(min-width: 761px)").matches);
panel("toggle-settings", "settings");
panel("toggle-monitor", "monitor", (shown) => monitor.show(shown));
connectSettings();
showList();
showMessages();
showServer();
at("prompt").focus();
