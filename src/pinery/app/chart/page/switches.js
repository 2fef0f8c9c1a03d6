// Light or dark, and the colours of gain and loss: chosen once, remembered where the browser allows it.

export function remember(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`pinery-${key}`);
    localStorage.setItem(`pinery-${key}`, value);
  } catch {
    // a file opened from disk may have no storage: the choice then lasts for this visit
  }
  return null;
}

export function bindSwitch(id, attribute, values, page) {
  const root = document.documentElement, button = document.getElementById(id);
  button.onclick = () => {
    const next = values[(values.indexOf(root.dataset[attribute]) + 1) % values.length];
    root.dataset[attribute] = next;
    remember(attribute, next);
    page.applyTheme();
  };
}

export function chooseLook(root) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  root.dataset.theme = wanted.get("theme") || remember("theme") || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  root.dataset.tones = wanted.get("tones") || remember("tones") || "green";
}
