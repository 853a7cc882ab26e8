import { get, put, remove } from './http';
import type { Handbook, RecordedItem, SaidFacts, VaccineFacts } from './types';

/** What is written of an item that is done. `doneOn`: a city date, YYYY-MM-DD. */
export interface DoneEntry {
  doneOn: string;
  place?: string;
  batch?: string;
}

export function handbook(childId: number): Promise<Handbook> {
  return get<Handbook>(`/children/${childId}/handbook`, { keepAs: `handbook:${childId}` });
}

export function markDone(
  childId: number,
  itemId: string,
  { doneOn, place, batch }: DoneEntry,
): Promise<RecordedItem> {
  const words = { place: place || null, batch: batch || null };
  return put<RecordedItem>(itemPath(childId, itemId), { done_on: doneOn, ...words });
}

export function undoDone(childId: number, itemId: string): Promise<RecordedItem> {
  return remove<RecordedItem>(itemPath(childId, itemId));
}

/** Never kept on the phone: it tells of the mother's health too. */
export function vaccineFacts(childId: number): Promise<VaccineFacts> {
  return get<VaccineFacts>(`/children/${childId}/vaccine-facts`);
}

export function keepFacts(childId: number, facts: SaidFacts): Promise<VaccineFacts> {
  return put<VaccineFacts>(`/children/${childId}/vaccine-facts`, facts);
}

function itemPath(childId: number, itemId: string): string {
  return `/children/${childId}/handbook/${encodeURIComponent(itemId)}`;
}
