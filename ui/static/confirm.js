// The question before long work: the plan as a table that can be edited, Start and Cancel.

import { api } from "./api.js";
import { button, duration, h, plural, toast } from "./dom.js";

const KINDS = ["prop", "item", "icon", "character", "tile", "texture", "ui", "background", "effect"];

export async function mountConfirm(element, conversation) {
  let pending;
  try {
    ({ pending } = await api(`conversations/${conversation}/pending`));
  } catch (error) {
    element.replaceChildren(h("p", { className: "gf-error" }, error.message));
    return;
  }
  if (!pending) {
    element.replaceChildren(h("p", { className: "gf-muted" }, "Answered."));
    return;
  }
  const decide = (decision, plan) => {
    element.inert = true;
    window.gameforgeBridge("decide", { id: conversation, decision, plan });
    setTimeout(() => (element.inert = false), 4000);
  };
  const start = button(pending.tool === "save_scaffold" ? "Save" : "Start", null, () => decide("yes"), "gf-button gf-primary");
  const edit = pending.plan && button("Edit plan", null, () => {
    const shown = [...document.querySelectorAll("#gf-chat .gf-plan")].at(-1);
    if (shown) shown.open = false; // the editor shows the same rows
    element.replaceChildren(editor(pending, decide, () => mountConfirm(element, conversation)));
  });
  const cancel = button("Cancel", pending.tool === "save_scaffold" ? "Nothing is written" : "Nothing is started", () => decide("no"));
  element.replaceChildren(h("div", { className: "gf-actions" }, start, edit, cancel));
}

function editor(pending, decide, close) {
  const perImage = pending.seconds ? pending.seconds / total(pending.plan.items) : null;
  const body = h("tbody");
  const sum = h("span", { className: "gf-muted", role: "status" });
  const style = h("input", { type: "text", value: pending.plan.style ?? "", placeholder: "as the model paints", maxLength: 200 });
  const size = h("input", { type: "number", min: 8, max: 2048, value: pending.plan.size ?? "", placeholder: "any" });

  function row(item) {
    const subject = h("input", { type: "text", value: item.subject, maxLength: 300, "aria-label": "Subject", oninput: recount });
    const kind = h("select", { "aria-label": "Kind" }, KINDS.map((name) => h("option", { value: name, selected: name === item.kind }, name)));
    const variants = h("input", { type: "number", min: 1, max: 100, value: item.variants, "aria-label": "Variants", oninput: recount });
    const line = h("tr", {}, h("td", {}, subject), h("td", {}, kind), h("td", {}, variants),
      h("td", {}, button("×", "Remove this subject", () => { line.remove(); recount(); }, "gf-icon")));
    line.read = () => ({ ...item, subject: subject.value.trim(), kind: kind.value, variants: Math.max(1, Number.parseInt(variants.value, 10) || 1) });
    return line;
  }

  const read = () => [...body.children].map((line) => line.read()).filter((item) => item.subject);

  function recount() {
    const items = read();
    const images = total(items);
    const about = perImage ? `, about ${duration(perImage * images)}` : "";
    sum.textContent = `${plural(items.length, "subject")}, ${plural(images, "image")}${about}`;
  }

  function add() {
    const line = row({ ...pending.plan.items.at(-1), subject: "", variants: 1 });
    body.append(line);
    line.querySelector("input").focus();
  }

  function start() {
    const items = read();
    if (!items.length) {
      toast("The plan is empty. Add a subject, or cancel.");
      return;
    }
    decide("edit", { ...pending.plan, items, style: style.value.trim() || null, size: size.value ? Number(size.value) : null });
  }

  body.append(...pending.plan.items.map(row));
  recount();
  return h("div", { className: "gf-editor" },
    h("div", { className: "gf-fields" }, h("label", {}, "Style ", style), h("label", {}, "Size (px) ", size), sum),
    h("table", {}, h("thead", {}, h("tr", {}, ["Subject", "Kind", "Variants", ""].map((name) => h("th", {}, name)))), body),
    h("div", { className: "gf-actions" }, button("Start", null, start, "gf-button gf-primary"), button("Add a subject", null, add),
      button("Discard changes", null, close), button("Cancel", "Nothing is started", () => decide("no"))),
  );
}

const total = (items) => items.reduce((sum, item) => sum + item.variants, 0);
