/** Favourites and what was read, of guides and recipes alike. */

import { codeOf } from './errors';
import { get, put, remove } from './http';
import { keep, readKept } from './kept';
import type { Marks } from './library-types';

const KEPT = 'marks';
/** Read without a network; told to the service as soon as it is back. */
const UNSENT = 'marks:unsent';
const NONE: Marks = { favourites: [], read: [] };

/** As this phone knows them; whoever cannot sign in has none. */
export function knownMarks(): Marks {
  const marks = readKept<Marks>(KEPT)?.body ?? NONE;
  return { ...marks, read: [...new Set([...unsent(), ...marks.read])] };
}

/** Reading needs no login, so a failure brings what the phone knows. */
export function marks(): Promise<Marks> {
  return certainMarks().catch(knownMarks);
}

/** Raises ApiError when the phone knows none either: then nobody can say that there are none. */
export async function certainMarks(): Promise<Marks> {
  await sendUnsent().catch(() => undefined);
  try {
    await get<Marks>('/marks', { keepAs: KEPT });
  } catch (error) {
    if (!readKept<Marks>(KEPT)) throw error;
  }
  return knownMarks();
}

/** What was asked last: requests overtake each other on the way, an undo must not. */
let before: Promise<unknown> = Promise.resolve();

/** Raises ApiError; nothing has changed then. */
export function setFavourite(slug: string, on: boolean): Promise<Marks> {
  const path = `/marks/${encodeURIComponent(slug)}/favourite`;
  const asked = before
    .catch(() => undefined)
    .then(() => (on ? put<Marks>(path, {}) : remove<Marks>(path)))
    .then(keepAnswer);
  before = asked;
  return asked;
}

export async function markRead(slug: string): Promise<void> {
  if (knownMarks().read.includes(slug)) return;
  keepUnsent([slug, ...unsent()]);
  await sendUnsent().catch(() => undefined);
}

function unsent(): string[] {
  return readKept<string[]>(UNSENT)?.body ?? [];
}

function keepUnsent(slugs: string[]): void {
  keep(UNSENT, { url: '', etag: '', body: slugs });
}

async function sendUnsent(): Promise<void> {
  for (const slug of unsent()) {
    try {
      keepAnswer(await put<Marks>(`/marks/${encodeURIComponent(slug)}/read`, {}));
    } catch (error) {
      if (codeOf(error) !== 'not_found') throw error; // else it is gone: nothing to mark
    }
    keepUnsent(unsent().filter((other) => other !== slug));
  }
}

/** The answer to a write is the newest list; it has no ETag of the list's own. */
function keepAnswer(answer: Marks): Marks {
  keep(KEPT, { url: '', etag: '', body: answer });
  return knownMarks();
}
