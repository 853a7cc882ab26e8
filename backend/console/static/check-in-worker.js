// Keeps the page 签到 and its files for the rest of the day, so that it opens without a network.
"use strict";

const KEPT = "check-in"; // signing out deletes it, see console.js
const PAGE = "/console/check-in";
const GONE =
  '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>没有网络</title>' +
  "<h1>没有网络</h1><p>今天还没有打开过签到页，或名单已过期。有网络后请再打开。</p>";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === PAGE) {
    event.respondWith(page(event.request));
  } else if (url.pathname.startsWith("/console/static/")) {
    event.respondWith(file(event.request));
  }
});

async function page(request) {
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return keptPage(request);
  }
  if (answer.ok) await keep(request, answer.clone());
  else if (answer.type === "opaqueredirect" || answer.status === 403) await caches.delete(KEPT);
  return answer;
}

// How long is told in seconds: the device's clock may be wrong, its stopwatch is not.
async function keep(request, answer) {
  const seconds = Number(answer.headers.get("X-Kept-For"));
  if (!(seconds > 0)) return;
  const headers = new Headers(answer.headers);
  headers.set("X-Forget-At", String(Date.now() + seconds * 1000));
  const kept = new Response(await answer.blob(), { headers });
  await (await caches.open(KEPT)).put(request.url, kept);
}

async function keptPage(request) {
  const kept = await (await caches.open(KEPT)).match(request.url);
  if (kept && Date.now() < Number(kept.headers.get("X-Forget-At"))) return kept;
  await caches.delete(KEPT);
  return new Response(GONE, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}

async function file(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await (await caches.open(KEPT)).put(request.url, answer.clone());
    return answer;
  } catch {
    return (await caches.match(request.url, { cacheName: KEPT })) ?? Response.error();
  }
}
