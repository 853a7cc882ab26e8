// Conveniences only: every page works without them.
"use strict";

const PICK = 'input[type="checkbox"]:is([name="booking"], [name="text"])';
const picks = () => [...document.querySelectorAll(PICK)];
const all = document.querySelector("[data-pick-all]");
const CHANGED = "console:changed";
const picked = document.querySelector("[data-picked]");

function countPicked() {
  const chosen = picks().filter((box) => box.checked).length;
  if (picked) {
    picked.textContent = chosen ? `（${chosen}）` : "";
    picked.closest("form").hidden = !chosen; // nothing to send, nothing in the way
  }
  if (all) {
    all.checked = chosen > 0 && chosen === picks().length;
    all.indeterminate = chosen > 0 && chosen < picks().length;
  }
}

all?.addEventListener("change", () => {
  for (const box of picks()) box.checked = all.checked;
  countPicked();
});
document.addEventListener("change", (event) => {
  if (event.target.matches(PICK)) countPicked();
  if (event.target.matches("[data-submit]")) {
    sessionStorage.setItem(CHANGED, event.target.id);
    event.target.form.requestSubmit();
  }
});
// Whoever goes through the choices with arrows gets a new page at each; the next press goes on.
document.getElementById(sessionStorage.getItem(CHANGED))?.focus();
sessionStorage.removeItem(CHANGED);
for (const button of document.querySelectorAll("[data-needless]")) button.hidden = true;
for (const part of document.querySelectorAll("[data-needs-script]")) part.hidden = false;

const openPops = () => [...document.querySelectorAll("details.pop[open]")];
document.addEventListener("click", (event) => {
  for (const pop of openPops()) if (!pop.contains(event.target)) pop.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const pop of openPops()) {
    pop.open = false;
    pop.querySelector("summary").focus();
  }
});
for (const pop of document.querySelectorAll("details.pop")) {
  pop.addEventListener("toggle", () => pop.open && pop.querySelector("input:not([type=hidden]), select")?.focus());
}

// What the page 签到 keeps for the day goes with whoever signs out; scans that wait stay, nameless.
document.addEventListener("submit", async (event) => {
  if (!event.target.action.endsWith("/sign-out") || !window.caches) return;
  event.preventDefault();
  const waiting = JSON.parse(localStorage.getItem("check-in:queue") ?? "[]").length;
  if (waiting && !confirm(`还有 ${waiting} 条签到没有上传，再次登录后才能上传。要退出吗？`)) return;
  await caches.delete("check-in");
  event.target.submit();
});

// What was posted is no place to come back to: the browser would ask whether to send it again.
// Going back from the next page leads to the page on which the form stood.
if ("posted" in document.body.dataset) {
  const before = document.referrer.startsWith(`${location.origin}/`) ? document.referrer : location.href;
  history.replaceState(null, "", before);
}

// After a refused form the first field to mend is where one goes on.
document.querySelector('[aria-invalid="true"]')?.focus();

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

// One press is enough: a second click would only be told that somebody was faster. Not at once:
// what is sent is gathered after this event, and a disabled button would not say which it was.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const buttons = event.target.querySelectorAll("button");
  setTimeout(() => {
    for (const button of buttons) button.disabled = true;
  });
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  countPicked();
});

// On a phone the week, the menu and the tabs begin at the left edge; where one is should be in sight.
for (const here of document.querySelectorAll("table.week th[aria-current], .side nav a[aria-current], .tabs a[aria-current]")) {
  here.scrollIntoView({ block: "nearest", inline: "center" });
}

// Work that goes on by itself: the part of the page that shows it is read again every few seconds,
// and where it has ended the whole page once.
const live = document.querySelector("[data-live]");
async function readAgain() {
  if (document.hidden || live.contains(document.activeElement)) return setTimeout(readAgain, 3000);
  const answer = await fetch(location.href).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
  if (fresh) live.replaceChildren(...fresh.childNodes);
  else if (text) return location.reload();
  return setTimeout(readAgain, 3000);
}
if (live) setTimeout(readAgain, 3000);
