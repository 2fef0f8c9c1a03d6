/** Keys of the whole dashboard. A key means nothing while somebody types, or answers a dialog. */

export interface Keys {
  halt: () => void;
  flatten: () => void;
  help: () => void;
  go: (letter: string) => boolean;
}

const LEADER_MS = 1_500;

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** A handler of keydown. */
export function hotkeys(keys: Keys): (event: KeyboardEvent) => void {
  let leader = -Infinity;
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (typing(event.target) || document.querySelector("dialog:modal")) return;
    const led = event.timeStamp - leader < LEADER_MS;
    leader = -Infinity;
    if (led && keys.go(event.key.toLowerCase())) event.preventDefault();
    else if (event.key === "H" && event.shiftKey) act(event, keys.halt);
    else if (event.key === "F" && event.shiftKey) act(event, keys.flatten);
    else if (event.key === "?") act(event, keys.help);
    else if (event.key === "/") {
      const search = document.querySelector<HTMLInputElement>("[data-search]");
      if (search) act(event, () => search.focus());
    } else if (event.key === "g") leader = event.timeStamp;
  };
}

function act(event: KeyboardEvent, what: () => void): void {
  event.preventDefault();
  what();
}
