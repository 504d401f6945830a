// Who decides: a name for the history, kept in this browser.

const KEY = "gameforge-reviewer";

export function reviewer() {
  let name = localStorage.getItem(KEY);
  if (!name) localStorage.setItem(KEY, (name = `reviewer-${Math.random().toString(36).slice(2, 6)}`));
  return name;
}

export function rename(name) {
  const text = name.trim().slice(0, 100);
  if (text) localStorage.setItem(KEY, text);
  return reviewer();
}
