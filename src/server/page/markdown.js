// SPDX-License-Identifier: Apache-2.0
//
// A model's text as DOM nodes: code blocks, lists, bold and code in a line. Text goes in as textContent, so markup in it
// stays text.

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

function addInline(parent, text) {
  for (const part of text.split(/(\*\*[^*\n]+\*\*|`[^`\n]+`)/)) {
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) parent.append(element("strong", part.slice(2, -2)));
    else if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) parent.append(element("code", part.slice(1, -1)));
    else parent.append(part);
  }
}

function addProse(parent, text) {
  let list = null;
  let lines = [];
  const flush = () => {
    if (lines.join("").trim() !== "") {
      addInline(parent.appendChild(element("p")), lines.join("\n").trim());
    }
    lines = [];
  };
  for (const line of text.split("\n")) {
    const item = line.match(/^\s*[-*] (.*)$/);
    if (item) {
      flush();
      list ??= parent.appendChild(element("ul"));
      addInline(list.appendChild(element("li")), item[1]);
      continue;
    }
    list = null;
    if (line.trim() === "") flush();
    else lines.push(line);
  }
  flush();
}

// Puts `text` into `parent` in place of what is there. A code block that has no end yet is one already.
export function render(parent, text) {
  parent.replaceChildren();
  text.split(/^```[^\n]*\n?/m).forEach((part, index) => {
    if (index % 2 === 0) return addProse(parent, part);
    const block = parent.appendChild(element("pre"));
    block.tabIndex = 0;
    block.append(element("code", part.replace(/\n$/, "")));
  });
}
