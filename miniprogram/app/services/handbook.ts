import { get, put, remove } from './http';
import type { Handbook, HandbookItem } from './types';

export function handbook(childId: number): Promise<Handbook> {
  return get<Handbook>(`/children/${childId}/handbook`, { keepAs: `handbook:${childId}` });
}

/** `doneOn`: a city date, YYYY-MM-DD. */
export function markDone(childId: number, itemId: string, doneOn: string): Promise<HandbookItem> {
  return put<HandbookItem>(itemPath(childId, itemId), { done_on: doneOn });
}

export function undoDone(childId: number, itemId: string): Promise<HandbookItem> {
  return remove<HandbookItem>(itemPath(childId, itemId));
}

function itemPath(childId: number, itemId: string): string {
  return `/children/${childId}/handbook/${encodeURIComponent(itemId)}`;
}
