// SPDX-License-Identifier: Apache-2.0
//
// What stays in the browser: conversations, the current one, settings.
// A conversation: {id, title, messages: [{role, content}], tokens}.

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`sterna.${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(`sterna.${name}`, JSON.stringify(value));
  } catch {
    dispatchEvent(new Event("sterna-not-kept"));  // the browser's room is full, or it keeps nothing
  }
}

export const settings = read("settings", {});
export function saveSettings() {
  write("settings", settings);
}

export const conversations = read("conversations", []);
export function saveConversations() {
  write("conversations", conversations);
}

export function current() {
  const id = read("current", null);
  return conversations.find((one) => one.id === id) ?? conversations[0] ?? add();
}

export function select(conversation) {
  write("current", conversation.id);
}

export function add() {
  const made = { id: `${Date.now()}-${Math.random()}`, title: "New chat", messages: [], tokens: 0 };
  conversations.unshift(made);
  saveConversations();
  select(made);
  return made;
}

export function remove(conversation) {
  conversations.splice(conversations.indexOf(conversation), 1);
  saveConversations();
}
