"use strict";
// A list of what was notified, newest first; asks for what is new once a second.

const LONGEST = 200;
const list = document.getElementById("list");
const state = document.getElementById("state");
const empty = document.getElementById("empty");
let last = 0;
let count = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function clock(at) {
  const made = element("time", "", new Date(at).toLocaleTimeString());
  made.dateTime = at;
  return made;
}

function show(message) {
  const item = element("li", message.severity);
  const head = element("div", "head");
  head.append(element("span", "title", message.title), clock(message.at));
  item.append(head, element("p", "text", message.text));
  const lines = message.data && message.data.lines;
  if (lines) {
    const inner = element("div", "lines");
    for (const line of lines) inner.append(element("div", "", line.text));
    item.append(inner);
  }
  list.prepend(item);
  while (list.children.length > LONGEST) list.lastElementChild.remove();
}

async function look() {
  try {
    const answer = await fetch(`list?after=${last}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    for (const message of await answer.json()) {
      if (message.number > last) {
        show(message);
        last = message.number;
        count += 1;
      }
    }
    empty.hidden = count > 0;
    state.textContent = `live · ${count}`;
    state.className = "";
  } catch {
    state.textContent = "the demo has stopped";
    state.className = "lost";
  }
  window.setTimeout(look, 1000);
}

look();
